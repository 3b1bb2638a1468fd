// SPDX-License-Identifier: GPL-3.0-or-later
// What the pools were before the kernel ran, and once the system was up: noted then, looked at here.
#include <zephyr/init.h>

#include "pools.hpp"

namespace {

struct Noted {
  struct qeaas_pool_status pool, mixed, late, outside, poor;
  void take() {
    qeaas_pool_status(::pool, &pool);
    qeaas_pool_status(mixed_pool, &mixed);
    qeaas_pool_status(late_pool, &late);
    qeaas_pool_status(outside_pool, &outside);
    qeaas_pool_status(poor_pool, &poor);
  }
};

struct {
  Noted status;
  int got, got_isr, late_got, late_got_isr, added, added_async, added_async_in_kernel;
  std::array<std::uint8_t, 16> bytes, more, late_bytes;
} before;
Noted after;

int before_the_kernel() {
  before.got_isr = entropy_get_entropy_isr(pool, before.bytes.data(), 16, ENTROPY_BUSYWAIT);
  before.got = entropy_get_entropy(pool, before.more.data(), 16);
  before.late_bytes.fill(0xaa);
  before.late_got = entropy_get_entropy(late_pool, before.late_bytes.data(), 16);
  before.late_got_isr = entropy_get_entropy_isr(late_pool, before.late_bytes.data(), 16, ENTROPY_BUSYWAIT);
  before.added = entropy_add_entropy(pool, before.bytes.data(), 16, 0);
  before.added_async = entropy_add_entropy_async(pool, before.bytes.data(), 16, 0, nullptr, nullptr);
  before.status.take();
  return 0;
}
SYS_INIT(before_the_kernel, PRE_KERNEL_2, 99);

// The kernel runs, its system work queue (POST_KERNEL 40) does not.
int before_the_work_queue() {
  before.added_async_in_kernel = entropy_add_entropy_async(late_pool, before.bytes.data(), 16, 0, nullptr, nullptr);
  return 0;
}
SYS_INIT(before_the_work_queue, POST_KERNEL, 0);

int once_up() {
  after.take();
  return 0;
}
SYS_INIT(once_up, APPLICATION, 99);

}  // namespace

// In the variant post_kernel of testcase.yaml.
constexpr bool kPostKernel = IS_ENABLED(CONFIG_QEAAS_ENTROPY_POOL_POST_KERNEL);

ZTEST_SUITE(boot, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(boot, test_a_pool_is_seeded_before_the_kernel_runs) {
  if (kPostKernel) ztest_test_skip();
  zassert_true(before.status.pool.seeded);
  zassert_equal(before.status.pool.reseeds, 1);
  zassert_equal(before.got_isr, 16);
  zassert_ok(before.got);
  zassert_ok(before.added);
  zassert_false(all_zero(before.bytes));
  zassert_true(before.bytes != before.more);
  zassert_true(test_source(good_source).busy_reads > 0);
}

ZTEST(boot, test_a_pool_that_comes_later_is_not_there_before) {
  if (!kPostKernel) ztest_test_skip();
  zassert_equal(before.got, -EAGAIN);
  zassert_equal(before.got_isr, -EAGAIN);
  zassert_equal(before.added, -ENODEV);
  zassert_true(all_zero(before.bytes));
  zassert_true(after.pool.seeded);
}

ZTEST(boot, test_a_source_that_must_block_is_read_once_the_work_queue_runs) {
  zassert_false(before.status.late.seeded);
  zassert_equal(before.late_got, -EAGAIN);
  zassert_equal(before.late_got_isr, -EAGAIN);
  zassert_true(all_zero(before.late_bytes));
  zassert_equal(before.status.late.refused, 2);
  zassert_true(after.late.seeded);
  zassert_true(kPostKernel || test_source(late_source).work_queue_reads > 0);
  for (const auto* source : {good_source, other_source, late_source, broken_source, shady_source})
    zassert_equal(test_source(source).wrong_context, 0, "%s was made to block where nothing may", source->name);
}

ZTEST(boot, test_nothing_asynchronous_before_the_work_queue) {
  zassert_equal(before.added_async, kPostKernel ? -ENODEV : -EAGAIN);
  zassert_equal(before.added_async_in_kernel, kPostKernel ? -ENODEV : -EAGAIN);
}

ZTEST(boot, test_one_broken_source_of_several_costs_nothing_but_its_own) {
  const auto& mixed = kPostKernel ? after.mixed : before.status.mixed;
  zassert_true(mixed.seeded);
  zassert_true(mixed.source_failures > 0);
  zassert_true(test_source(other_source).bytes >= 256, "at the default of 1 bit per byte");
}

ZTEST(boot, test_an_untrusted_source_is_mixed_and_seeds_nothing) {
  zassert_true(test_source(shady_source).bytes >= 32);
  zassert_false(after.outside.seeded);
  zassert_equal(after.outside.pending_bits, 0);
  zassert_equal(after.outside.source_failures, 0);
}

ZTEST(boot, test_a_pool_without_entropy_does_not_hold_up_the_boot) {
  zassert_true(device_is_ready(poor_pool));
  zassert_false(after.poor.seeded);
  zassert_true(after.poor.wants_refill);
  zassert_true(after.poor.source_failures > before.status.poor.source_failures, "tried again once the work queue ran");
}
