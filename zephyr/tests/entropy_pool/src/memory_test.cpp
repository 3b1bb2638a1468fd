// SPDX-License-Identifier: GPL-3.0-or-later
// Somebody takes the whole memory of the device: what came out of a pool, and what went in, is nowhere in it. For boards whose memory a
// program can walk through.
#include <zephyr/linker/linker-defs.h>

#include "pools.hpp"

namespace {

constexpr std::size_t kSeenBytes = 8;

// In flash, and so in memory only where somebody copied it to.
const std::array<std::uint8_t, 64> secret{0xf1, 0x07, 0x3c, 0x99, 0x5e, 0xd2, 0x48, 0xab, 0x13, 0x76, 0xe5, 0x2f, 0xc0, 0x84, 0x6b, 0x3d,
                                          0x1a, 0xb9, 0x52, 0xee, 0x07, 0x9c, 0x61, 0xf8, 0x25, 0xd4, 0x8f, 0x30, 0x4b, 0xc7, 0x16, 0xa2,
                                          0x7d, 0xe9, 0x03, 0x58, 0xbc, 0x91, 0x2a, 0xf6, 0x45, 0xdb, 0x6e, 0x10, 0x87, 0x3a, 0xcf, 0x54,
                                          0xe1, 0x09, 0x92, 0x7b, 0x2d, 0xb8, 0x63, 0x1f, 0xd5, 0x4c, 0xa7, 0x38, 0xf0, 0x8e, 0x15, 0x6a};
std::array<std::uint8_t, 256> taken;

// Where in memory the bytes lie, other than in themselves; nullptr when nowhere.
const std::uint8_t* elsewhere(const std::uint8_t* bytes) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(_image_ram_start);
  const auto* end = reinterpret_cast<const std::uint8_t*>(_image_ram_end);
  for (const auto* at = begin; at + kSeenBytes <= end; ++at)
    if (at != bytes && at[0] == bytes[0] && std::equal(at, at + kSeenBytes, bytes)) return at;
  return nullptr;
}

void expect_nowhere_else(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at + kSeenBytes <= bytes.size(); at += kSeenBytes) {
    const auto* found = elsewhere(bytes.data() + at);
    zassert_is_null(found, "byte %zu and what follows lie at %p", at, found);
  }
}

}  // namespace

ZTEST_SUITE(memory, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(memory, test_the_search_finds_what_is_there) {
  static std::array<std::uint8_t, 64> copy;
  copy = secret;
  zassert_equal(elsewhere(secret.data()), copy.data());
  copy.fill(0);
  zassert_ok(entropy_add_entropy(mixed_pool, secret.data(), 64, 0));
  zassert_not_null(elsewhere(secret.data()), "it waits in the accumulator's block buffer");
  zassert_ok(entropy_add_entropy(mixed_pool, secret.data(), 64, 512));
  expect_nowhere_else(secret);
}

ZTEST(memory, test_outputs_are_only_where_they_were_asked_for) {
  zassert_ok(entropy_get_entropy(pool, taken.data(), taken.size()));
  expect_nowhere_else(taken);
  zassert_equal(entropy_get_entropy_isr(pool, taken.data(), taken.size(), 0), static_cast<int>(taken.size()));
  expect_nowhere_else(taken);
  let_work_run();  // and the refill
  expect_nowhere_else(taken);
}

ZTEST(memory, test_the_slots_are_wiped) {
  zassert_ok(entropy_add_entropy_async(mixed_pool, secret.data(), 64, 512, nullptr, nullptr));
  let_work_run();
  expect_nowhere_else(secret);
}

ZTEST(memory, test_what_a_source_gave_is_gone_with_the_reseed) {
  static std::array<std::uint8_t, 32> given;
  const auto reseeds = status_of(pool).reseeds;
  TestSource as_it_will_be = test_source(good_source);
  zassert_ok(entropy_get_entropy(pool, taken.data(), taken.size()));
  let_work_run();
  zassert_equal(status_of(pool).reseeds - reseeds, 1);
  as_it_will_be.give(given);
  zassert_equal(as_it_will_be.next, test_source(good_source).next, "these are the bytes that it gave");
  expect_nowhere_else(given);
}
