// SPDX-License-Identifier: GPL-3.0-or-later
// What comes out of the pools, in threads and interrupts, and what it leaves behind.
#include <zephyr/irq_offload.h>

#include "pool_device.hpp"
#include "pools.hpp"

namespace {

bool holds(std::span<const std::uint8_t> memory, std::span<const std::uint8_t> secret) {
  return std::search(memory.begin(), memory.end(), secret.begin(), secret.end()) != memory.end();
}

struct InIsr {
  const device* dev;
  std::uint32_t flags;
  int result = 0;
  std::array<std::uint8_t, 48> bytes{};
};

void take_in_isr(const void* what) {
  auto& call = *static_cast<InIsr*>(const_cast<void*>(what));
  call.result = entropy_get_entropy_isr(call.dev, call.bytes.data(), call.bytes.size(), call.flags);
}

K_THREAD_STACK_DEFINE(own_stack, 4096);
k_thread own_thread;
std::array<std::uint8_t, 256> taken;

void take_and_end(void*, void*, void*) { entropy_get_entropy(pool, taken.data(), taken.size()); }
void add_and_end(void*, void*, void*) { entropy_add_entropy(pool, taken.data(), taken.size(), 0); }
void credit_and_end(void*, void*, void*) { entropy_add_entropy(pool, taken.data(), taken.size(), 8 * taken.size()); }

std::span<const std::uint8_t> stack_after(k_thread_entry_t entry) {
  const std::span stack(reinterpret_cast<std::uint8_t*>(K_THREAD_STACK_BUFFER(own_stack)), K_THREAD_STACK_SIZEOF(own_stack));
  std::fill(stack.begin(), stack.end(), 0xee);
  k_thread_create(&own_thread, own_stack, K_THREAD_STACK_SIZEOF(own_stack), entry, nullptr, nullptr, nullptr, 0, 0, K_NO_WAIT);
  k_thread_join(&own_thread, K_FOREVER);
  return stack;
}

// How much of it was ever used. 0 on native_sim, where Zephyr's threads run on stacks of the host.
std::size_t used_of(std::span<const std::uint8_t> stack) {
  const auto untouched = std::find_if(stack.begin(), stack.end(), [](auto byte) { return byte != 0xee; });
  return IS_ENABLED(CONFIG_ARCH_POSIX) ? 0 : static_cast<std::size_t>(stack.end() - untouched);
}

void break_the_poor_pools_source(void*) { test_source(broken_source).does = TestSource::Does::fails; }

}  // namespace

ZTEST_SUITE(extract, nullptr, nullptr, nullptr, nullptr, break_the_poor_pools_source);

ZTEST(extract, test_every_length_is_filled_and_no_byte_beyond) {
  for (std::size_t length = 1; length <= 200; ++length) {
    std::array<std::uint8_t, 216> out{};
    zassert_ok(entropy_get_entropy(pool, out.data(), length));
    zassert_true(all_zero(std::span(out).subspan(length)), "wrote beyond %zu", length);
    if (length >= 8) zassert_false(all_zero(std::span(out).subspan(length - 8, 8)), "did not write up to %zu", length);
  }
}

ZTEST(extract, test_pieces_of_one_call_and_of_two_differ) {
  std::array<std::uint8_t, 256> one{}, two{};
  const auto before = status_of(pool);
  zassert_ok(entropy_get_entropy(pool, one.data(), one.size()));
  zassert_ok(entropy_get_entropy(pool, two.data(), two.size()));
  zassert_equal(status_of(pool).extracted_bytes - before.extracted_bytes, 512);
  for (std::size_t at = 16; at + 16 <= one.size(); at += 16) zassert_false(holds(std::span(one).first(at), std::span(one).subspan(at, 16)));
  for (std::size_t at = 0; at + 16 <= one.size(); at += 16) zassert_false(holds(two, std::span(one).subspan(at, 16)));
}

ZTEST(extract, test_no_bytes_are_no_error) {
  zassert_ok(entropy_get_entropy(pool, nullptr, 0));
  zassert_equal(entropy_get_entropy_isr(pool, nullptr, 0, 0), 0);
  zassert_equal(entropy_get_entropy(pool, nullptr, 1), -EINVAL);
  zassert_equal(entropy_get_entropy_isr(pool, nullptr, 1, 0), -EINVAL);
}

ZTEST(extract, test_an_unseeded_pool_fails_and_zeroes) {
  std::array<std::uint8_t, 80> out;
  out.fill(0xaa);
  const auto before = status_of(poor_pool);
  zassert_false(before.seeded);
  zassert_equal(entropy_get_entropy(poor_pool, out.data(), out.size()), -EAGAIN);
  zassert_true(all_zero(out));
  zassert_equal(status_of(poor_pool).refused - before.refused, 1);
  zassert_equal(status_of(poor_pool).extracted_bytes, 0);
}

ZTEST(extract, test_an_interrupt_gets_bytes_with_and_without_leave_to_wait) {
  for (const std::uint32_t flags : {0U, std::uint32_t{ENTROPY_BUSYWAIT}}) {
    InIsr call{pool, flags};
    irq_offload(take_in_isr, &call);
    zassert_equal(call.result, static_cast<int>(call.bytes.size()));
    zassert_false(all_zero(call.bytes));
  }
}

ZTEST(extract, test_an_interrupt_reads_sources_only_as_it_may) {
  auto& source = test_source(broken_source);
  for (const std::uint32_t flags : {0U, std::uint32_t{ENTROPY_BUSYWAIT}}) {
    const auto before = source;
    InIsr call{poor_pool, flags};
    irq_offload(take_in_isr, &call);
    zassert_equal(call.result, -EAGAIN);
    zassert_true(all_zero(call.bytes));
    zassert_equal(source.blocking_reads, before.blocking_reads);
    zassert_equal(source.no_wait_reads - before.no_wait_reads, flags == 0 ? 1 : 0);
    zassert_equal(source.busy_reads - before.busy_reads, flags == 0 ? 0 : 1);
  }
}

ZTEST(extract, test_a_source_that_has_nothing_or_lies_seeds_nothing) {
  for (const auto does : {TestSource::Does::gives_none, TestSource::Does::lies, TestSource::Does::sticks}) {
    test_source(broken_source).does = does;
    for (const std::uint32_t flags : {0U, std::uint32_t{ENTROPY_BUSYWAIT}}) {
      InIsr call{poor_pool, flags};
      irq_offload(take_in_isr, &call);
      zassert_equal(call.result, -EAGAIN);
      zassert_equal(status_of(poor_pool).pending_bits, 0);
    }
  }
}

ZTEST(extract, test_what_came_out_is_nowhere_in_the_pool_nor_below_the_callers_stack) {
  const auto stack = stack_after(take_and_end);
  const std::span memory(static_cast<const std::uint8_t*>(pool->data), sizeof(qeaas::PoolDevice));
  zassert_false(all_zero(taken));
  zassert_true(IS_ENABLED(CONFIG_ARCH_POSIX) || used_of(stack) > 256, "this is not where the thread ran");
  zassert_true(used_of(stack) <= 1024, "docs/zephyr.md promises that 1 KiB is enough: %zu", used_of(stack));
  for (std::size_t at = 0; at + 8 <= taken.size(); ++at) {
    zassert_false(holds(memory, std::span(taken).subspan(at, 8)), "output byte %zu is in the pool", at);
    zassert_false(holds(stack, std::span(taken).subspan(at, 8)), "output byte %zu is on the stack", at);
  }
}

ZTEST(extract, test_what_went_in_is_not_below_the_callers_stack) {
  const auto bytes = some_bytes(91);
  for (std::size_t i = 0; i < taken.size(); ++i) taken[i] = static_cast<std::uint8_t>(bytes[i % 64] + i / 64 * 29);
  for (const auto entry : {add_and_end, credit_and_end}) {
    const auto stack = stack_after(entry);
    zassert_true(used_of(stack) <= 1024, "%zu", used_of(stack));
    for (std::size_t at = 0; at + 8 <= taken.size(); ++at)
      zassert_false(holds(stack, std::span(taken).subspan(at, 8)), "input byte %zu is on the stack", at);
  }
}
