// SPDX-License-Identifier: GPL-3.0-or-later
// When a pool asks for more, of whom, and that nobody waits for it.
#include "pools.hpp"

namespace {

struct Heard {
  unsigned times = 0;
  bool on_work_queue = true;
};

void hear(const device*, void* user_data) {
  auto& heard = *static_cast<Heard*>(user_data);
  ++heard.times;
  heard.on_work_queue = heard.on_work_queue && k_current_get() == k_work_queue_thread_get(&k_sys_work_q);
}

void drain(const device* dev) {
  std::array<std::uint8_t, 32> out;
  zassert_ok(entropy_get_entropy(dev, out.data(), out.size()));
}

void fill(const device* dev) {
  const auto bytes = some_bytes(21);
  zassert_ok(entropy_add_entropy(dev, bytes.data(), 32, 256));
  let_work_run();
}

void leave_as_found(void*) {
  for (const auto* source : {good_source, other_source, late_source, shady_source}) test_source(source).does = TestSource::Does::counts;
  for (const auto* dev : {pool, mixed_pool, late_pool, outside_pool}) {
    qeaas_pool_on_low(dev, nullptr, nullptr);
    fill(dev);
  }
}

}  // namespace

ZTEST_SUITE(refill, nullptr, nullptr, leave_as_found, leave_as_found, nullptr);

ZTEST(refill, test_a_low_pool_is_refilled_by_the_work_queue_without_the_lock) {
  auto& source = test_source(good_source);
  const auto before = source;
  const auto reseeds = status_of(pool).reseeds;
  k_sched_lock();
  drain(pool);
  zassert_true(status_of(pool).wants_refill);
  zassert_equal(source.bytes, before.bytes, "whoever takes bytes does not pay for the refill");
  k_sched_unlock();
  let_work_run();
  zassert_equal(status_of(pool).reseeds - reseeds, 1);
  zassert_equal(status_of(pool).level_bits, 256);
  zassert_equal(source.bytes - before.bytes, 32, "8 bits per byte");
  zassert_true(source.work_queue_reads > before.work_queue_reads);
  zassert_equal(source.blocking_reads - before.blocking_reads, source.work_queue_reads - before.work_queue_reads);
  zassert_equal(source.locked_reads, 0);
}

ZTEST(refill, test_somebody_who_takes_without_end_does_not_keep_the_sources_busy) {
  const auto before = test_source(good_source);
  for (int i = 0; i < 200; ++i) {
    drain(pool);
    k_yield();
  }
  let_work_run();
  // The first at once, another after the shortest time between two; what native time and QEMU's differ by is far less than 200.
  zassert_true(test_source(good_source).bytes - before.bytes <= 8 * 32, "%u", test_source(good_source).bytes - before.bytes);
}

ZTEST(refill, test_the_listener_hears_once_each_time_that_the_pool_becomes_low) {
  Heard heard;
  zassert_ok(qeaas_pool_on_low(outside_pool, hear, &heard));
  let_work_run();
  zassert_equal(heard.times, 0, "the pool is full");
  for (int i = 0; i < 3; ++i) {
    drain(outside_pool);
    let_work_run();
    zassert_equal(heard.times, 1);
  }
  fill(outside_pool);
  zassert_equal(heard.times, 1);
  drain(outside_pool);
  let_work_run();
  zassert_equal(heard.times, 2);
  zassert_true(heard.on_work_queue);
  zassert_ok(qeaas_pool_on_low(outside_pool, nullptr, nullptr));
  fill(outside_pool);
  drain(outside_pool);
  let_work_run();
  zassert_equal(heard.times, 2);
}

ZTEST(refill, test_a_new_listener_of_a_low_pool_hears_at_once) {
  Heard heard, other;
  drain(outside_pool);
  let_work_run();
  zassert_ok(qeaas_pool_on_low(outside_pool, hear, &heard));
  zassert_ok(qeaas_pool_on_low(pool, hear, &other));
  let_work_run();
  zassert_equal(heard.times, 1);
  zassert_equal(other.times, 0, "another pool is none of its business");
}

ZTEST(refill, test_the_listener_hears_though_a_source_is_waited_for) {
  Heard heard;
  zassert_ok(qeaas_pool_on_low(late_pool, hear, &heard));
  test_source(late_source).does = TestSource::Does::fails;
  drain(late_pool);
  k_msleep(4 * CONFIG_QEAAS_ENTROPY_RETRY_MAX_MS);  // the waits are at their longest
  zassert_equal(heard.times, 1);
  fill(late_pool);
  drain(late_pool);
  let_work_run();
  zassert_equal(heard.times, 2);
}

ZTEST(refill, test_a_source_that_fails_is_tried_again_with_growing_waits) {
  auto& source = test_source(late_source);
  source.does = TestSource::Does::fails;
  const auto failures = status_of(late_pool).source_failures;
  const auto first = source.blocking_reads;
  drain(late_pool);
  for (int i = 0; i < 1000 && source.blocking_reads < first + 4; ++i) let_work_run();
  zassert_true(source.blocking_reads >= first + 4, "it is not tried again");
  zassert_equal(status_of(late_pool).source_failures - failures, source.blocking_reads - first);
  // Each wait is at least half of twice the one before; how much longer is chance.
  for (unsigned i = 1, wait = CONFIG_QEAAS_ENTROPY_RETRY_MIN_MS; i < 4; ++i, wait *= 2) {
    const auto gap = source.read_at_ms[(first + i) % 8] - source.read_at_ms[(first + i - 1) % 8];
    zassert_true(gap >= wait / 2, "wait %u: %d ms", i, static_cast<int>(gap));
  }
  source.does = TestSource::Does::counts;
  for (int i = 0; i < 1000 && status_of(late_pool).wants_refill; ++i) let_work_run();
  zassert_equal(status_of(late_pool).level_bits, 256);
}

ZTEST(refill, test_a_stuck_source_is_credited_nothing) {
  test_source(late_source).does = TestSource::Does::sticks;
  const auto before = status_of(late_pool);
  drain(late_pool);
  let_work_run();
  const auto after = status_of(late_pool);
  zassert_true(after.source_failures > before.source_failures);
  zassert_equal(after.reseeds, before.reseeds);
  zassert_equal(after.pending_bits, before.pending_bits);
  zassert_true(after.wants_refill);
}

ZTEST(refill, test_while_a_source_blocks_the_work_queue_the_pool_serves_and_takes) {
  const auto bytes = some_bytes(33);
  std::array<std::uint8_t, 32> out{};
  auto& source = test_source(late_source);
  const auto before = source.blocking_reads;
  source.does = TestSource::Does::blocks;
  drain(late_pool);
  let_work_run();
  zassert_equal(source.blocking_reads - before, 1, "the work queue sits in the source now");
  const auto reseeds = status_of(late_pool).reseeds;
  zassert_ok(entropy_get_entropy(late_pool, out.data(), out.size()));
  zassert_ok(entropy_add_entropy(late_pool, bytes.data(), 32, 256));
  zassert_equal(status_of(late_pool).reseeds - reseeds, 1);
  source.does = TestSource::Does::counts;
  test_source_open_gate();
  let_work_run();
  zassert_equal(status_of(late_pool).reseeds - reseeds, 1, "what was read while another reseeded is not credited twice");
}
