// SPDX-License-Identifier: GPL-3.0-or-later
// The boot seed in the simulated flash: the pool of the devicetree has made the first start; the other starts are pools of the tests.
#include <qeaas/entropy.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <utility>

#include "pool_device.hpp"
#include "pool_seed.hpp"

namespace {

using qeaas::PoolDevice;
using qeaas::PoolSeed;
using qeaas::PoolSettings;

constexpr std::size_t kBlock = 4096;
const device* const pool = DEVICE_DT_GET(DT_NODELABEL(pool));
const device* const flash = DEVICE_DT_GET(DT_CHOSEN(zephyr_flash_controller));
constexpr std::size_t kSeedAt = DT_REG_ADDR(DT_NODELABEL(seed_partition));
constexpr std::size_t kOtherAt = DT_REG_ADDR(DT_NODELABEL(other_partition));

using Record = std::array<std::uint8_t, qeaas::kSeedRecordBytes>;
using Out = std::array<std::uint8_t, 32>;

Record record_at(std::size_t offset) {
  Record record{};
  zassert_ok(flash_read(flash, static_cast<off_t>(offset), record.data(), record.size()));
  return record;
}

bool untouched(std::size_t offset) {
  const auto record = record_at(offset);
  return std::all_of(record.begin(), record.end(), [](auto byte) { return byte == 0xff; });
}

bool blank(const Record& record) {
  return std::all_of(record.begin(), record.end(), [&](auto byte) { return byte == record[0]; });
}

// What the flash held before the pools started: the simulated flash is a file, which a second run of this program finds.
std::array<Record, 2> found;

int look_before_the_start() {
  for (std::size_t slot = 0; slot < 2; ++slot)
    flash_read(flash, static_cast<off_t>(kSeedAt + slot * kBlock), found[slot].data(), found[slot].size());
  return 0;
}
SYS_INIT(look_before_the_start, POST_KERNEL, 59);

// A start of a device that has no source but what its flash holds.
struct Start {
  explicit Start(std::size_t offset, std::size_t size = 2 * kBlock, qeaas::SeedPolicy policy = {.reseeds_a_write = 4})
      : seed({flash, offset, size}, policy), settings{{}, {}, &seed} {
    self.begin(*pool, settings);
    self.start();
    k_msleep(10);
  }
  struct qeaas_pool_status status() {
    struct qeaas_pool_status status;
    self.status(status);
    return status;
  }
  Out out() {
    Out bytes{};
    zassert_true(self.extract(bytes, qeaas::Reading::blocking));
    return bytes;
  }
  void inject() {
    const Out bytes{9, 8, 7};
    self.inject(bytes, 256);
    k_msleep(10);
  }

  PoolSeed seed;
  PoolSettings settings;
  PoolDevice self;
};

// begin_start makes a Start that stays: a pool is never destroyed, as work may be waiting for it.
template <typename... Arguments>
Start& begin_start(Arguments&&... arguments) {
  alignas(Start) static std::uint8_t room[32][sizeof(Start)];
  static unsigned used;
  zassert_true(used < 32);
  return *new (room[used++]) Start(std::forward<Arguments>(arguments)...);
}

// The tests of one flash area each begin with what a first start left there.
void first_start(std::size_t offset) {
  zassert_ok(flash_erase(flash, static_cast<off_t>(offset), 2 * kBlock));
  Start& start = begin_start(offset);
  zassert_equal(start.status().boot_seed, QEAAS_BOOT_SEED_ABSENT);
  start.inject();
}

void flip(std::size_t offset) {
  auto record = record_at(offset);
  if (blank(record)) return;
  record[20] ^= 1;
  zassert_ok(flash_erase(flash, static_cast<off_t>(offset), kBlock));
  zassert_ok(flash_write(flash, static_cast<off_t>(offset), record.data(), record.size()));
}

}  // namespace

ZTEST_SUITE(seed, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(seed, test_the_devicetrees_pool_took_what_was_there_and_left_another) {
  struct qeaas_pool_status status;
  zassert_ok(qeaas_pool_status(pool, &status));
  const bool first = blank(found[0]) && blank(found[1]);
  TC_PRINT("this is %s run\n", first ? "the first" : "a later");
  zassert_equal(status.boot_seed, first ? QEAAS_BOOT_SEED_ABSENT : QEAAS_BOOT_SEED_CREDITED);
  const std::array<Record, 2> left{record_at(kSeedAt), record_at(kSeedAt + kBlock)};
  zassert_true(blank(left[0]) != blank(left[1]), "one seed, and nothing of the one before");
  zassert_true(left != found);
}

ZTEST(seed, test_a_start_is_seeded_by_the_flash_alone_and_never_twice_by_the_same_seed) {
  first_start(kOtherAt);
  const auto left = record_at(kOtherAt);
  Start& second = begin_start(kOtherAt);
  zassert_equal(second.status().boot_seed, QEAAS_BOOT_SEED_CREDITED);
  zassert_true(second.status().seeded);
  const auto after = record_at(kOtherAt), other = record_at(kOtherAt + kBlock);
  zassert_true(blank(after) != blank(other), "the old seed is gone, and its successor is there");
  zassert_true(left != after && left != other);
  Start& third = begin_start(kOtherAt);
  zassert_equal(third.status().boot_seed, QEAAS_BOOT_SEED_CREDITED);
  const auto from_second = second.out(), from_third = third.out();
  zassert_true(from_second != from_third);
}

ZTEST(seed, test_damage_is_no_seed) {
  first_start(kOtherAt);
  flip(kOtherAt);
  flip(kOtherAt + kBlock);
  Start& start = begin_start(kOtherAt);
  zassert_equal(start.status().boot_seed, QEAAS_BOOT_SEED_ABSENT);
  zassert_false(start.status().seeded);
}

ZTEST(seed, test_without_credit_it_is_mixed_and_seeds_nothing) {
  first_start(kOtherAt);
  Start& start = begin_start(kOtherAt, 2 * kBlock, qeaas::SeedPolicy{.credit = false});
  zassert_equal(start.status().boot_seed, QEAAS_BOOT_SEED_MIXED);
  zassert_false(start.status().seeded);
  zassert_equal(start.status().pending_bits, 0);
}

ZTEST(seed, test_new_entropy_replaces_the_seed_once_and_then_seldom) {
  first_start(kOtherAt);
  Start& start = begin_start(kOtherAt);
  const auto both = [] { return std::array{record_at(kOtherAt), record_at(kOtherAt + kBlock)}; };
  const auto begin = both();
  start.inject();
  const auto after_one = both();
  zassert_true(begin != after_one, "the seed of the last start knows nothing of what came in since");
  for (int i = 0; i < 40; ++i) start.inject();
  const auto after_many = both();
  zassert_true(after_one == after_many, "flash wears out");
  k_sleep(K_SECONDS(CONFIG_QEAAS_ENTROPY_SEED_INTERVAL_S));
  start.inject();
  const auto much_later = both();
  zassert_true(after_many != much_later);
}

ZTEST(seed, test_a_partition_that_is_too_small_is_left_alone) {
  zassert_ok(flash_erase(flash, kOtherAt, 3 * kBlock));
  for (const std::size_t size : {std::size_t{0}, kBlock, 2 * kBlock - 1}) {
    Start& start = begin_start(kOtherAt, size);
    start.inject();
    zassert_equal(start.status().boot_seed, QEAAS_BOOT_SEED_ABSENT);
    zassert_true(start.status().seeded, "the pool works without");
    for (std::size_t block = 0; block < 3; ++block) zassert_true(untouched(kOtherAt + block * kBlock));
  }
}

ZTEST(seed, test_half_a_partition_need_not_be_one_block) {
  zassert_ok(flash_erase(flash, kOtherAt, 4 * kBlock));
  Start& first = begin_start(kOtherAt, 4 * kBlock);
  first.inject();
  Start& second = begin_start(kOtherAt, 4 * kBlock);
  zassert_equal(second.status().boot_seed, QEAAS_BOOT_SEED_CREDITED);
  zassert_true(untouched(kOtherAt + kBlock) && untouched(kOtherAt + 3 * kBlock));
}

ZTEST(seed, test_a_block_in_the_middle_of_nowhere_is_refused) {
  zassert_ok(flash_erase(flash, kOtherAt, 4 * kBlock));
  Start& start = begin_start(kOtherAt + 100, 3 * kBlock);
  start.inject();
  zassert_equal(start.status().boot_seed, QEAAS_BOOT_SEED_ABSENT);
  for (std::size_t block = 0; block < 4; ++block) zassert_true(untouched(kOtherAt + block * kBlock));
}
