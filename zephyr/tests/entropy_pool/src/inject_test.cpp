// SPDX-License-Identifier: GPL-3.0-or-later
// entropy_add_entropy and entropy_add_entropy_async: credit, refusals, the callback, and that pools do not share.
#include <zephyr/irq_offload.h>

#include "pools.hpp"

namespace {

struct Told {
  unsigned times = 0;
  int result = 1;
  const device* dev = nullptr;
  bool on_work_queue = false;
};

void tell(const device* dev, int result, void* user_data) {
  auto& told = *static_cast<Told*>(user_data);
  ++told.times;
  told.result = result;
  told.dev = dev;
  told.on_work_queue = k_current_get() == k_work_queue_thread_get(&k_sys_work_q);
}

struct FromIsr {
  int result = 1;
  int async_result = 1;
  Told told;
};

void inject_in_isr(const void* what) {
  auto& call = *static_cast<FromIsr*>(const_cast<void*>(what));
  const auto bytes = some_bytes(3);
  call.result = entropy_add_entropy(mixed_pool, bytes.data(), 32, 0);
  call.async_result = entropy_add_entropy_async(mixed_pool, bytes.data(), 32, 0, tell, &call.told);
}

void callback_that_adds_again(const device* dev, int, void* user_data) {
  const auto bytes = some_bytes(4);
  entropy_add_entropy_async(dev, bytes.data(), 32, 0, tell, user_data);
}

}  // namespace

ZTEST_SUITE(inject, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(inject, test_what_cannot_be_is_refused) {
  const auto bytes = some_bytes(1);
  const auto before = status_of(pool);
  zassert_equal(entropy_add_entropy(good_source, bytes.data(), 32, 8), -ENOTSUP);
  zassert_equal(entropy_add_entropy(nullptr, bytes.data(), 32, 8), -ENOTSUP);
  zassert_equal(entropy_add_entropy(pool, bytes.data(), 32, 257), -EINVAL);
  zassert_equal(entropy_add_entropy(pool, bytes.data(), 0, 1), -EINVAL);
  zassert_equal(entropy_add_entropy(pool, nullptr, 1, 0), -EINVAL);
  zassert_equal(entropy_add_entropy(pool, bytes.data(), SIZE_MAX / 8 + 1, 0), -EINVAL);
  zassert_equal(status_of(pool).injected_bytes, before.injected_bytes);
  struct qeaas_pool_status status;
  zassert_equal(qeaas_pool_status(good_source, &status), -ENOTSUP);
  zassert_equal(qeaas_pool_status(pool, nullptr), -EINVAL);
  zassert_equal(qeaas_pool_on_low(good_source, nullptr, nullptr), -ENOTSUP);
}

// The one story of outside_pool: it has no source that is credited.
ZTEST(inject, test_a_pool_is_seeded_by_256_credited_bits_and_by_nothing_less) {
  std::array<std::uint8_t, 16> out{};
  const auto bytes = some_bytes(2);
  const auto others = status_of(mixed_pool);
  for (int i = 0; i < 20; ++i) zassert_ok(entropy_add_entropy(outside_pool, bytes.data(), 64, 0));
  zassert_equal(status_of(outside_pool).pending_bits, 0);
  zassert_ok(entropy_add_entropy(outside_pool, bytes.data(), 64, 101));
  zassert_ok(entropy_add_entropy(outside_pool, bytes.data(), 63, 154));
  zassert_ok(entropy_add_entropy(outside_pool, bytes.data(), 0, 0));
  const auto almost = status_of(outside_pool);
  zassert_equal(almost.pending_bits, 255);
  zassert_false(almost.seeded);
  zassert_true(almost.wants_refill);
  zassert_equal(entropy_get_entropy(outside_pool, out.data(), out.size()), -EAGAIN);
  zassert_ok(entropy_add_entropy(outside_pool, bytes.data(), 1, 1));
  zassert_ok(entropy_get_entropy(outside_pool, out.data(), out.size()));
  zassert_false(all_zero(out));
  const auto seeded = status_of(outside_pool);
  zassert_equal(seeded.reseeds, 1);
  zassert_equal(seeded.injected_bytes, 22 * 64);
  const auto others_after = status_of(mixed_pool);
  zassert_equal(others_after.injected_bytes, others.injected_bytes);
  zassert_equal(others_after.pending_bits, others.pending_bits);
}

ZTEST(inject, test_credit_is_spread_over_what_is_given_and_saturates) {
  static std::array<std::uint8_t, 1000> much;
  const auto begin = status_of(mixed_pool);
  zassert_ok(entropy_add_entropy(mixed_pool, much.data(), much.size(), 100));
  zassert_equal((begin.pending_bits + 100) % 256, status_of(mixed_pool).pending_bits);
  zassert_ok(entropy_add_entropy(mixed_pool, much.data(), 64, 512));
  const auto end = status_of(mixed_pool);
  zassert_equal(end.pending_bits, 0);
  zassert_ok(entropy_add_entropy(mixed_pool, much.data(), 256, 512));
  zassert_equal(status_of(mixed_pool).reseeds - end.reseeds, 2, "the first half of it is worth 256 bits, and so is the second");
  zassert_equal(end.level_bits, 256, "full-bits of 512 is more than the state holds");
}

ZTEST(inject, test_async_tells_from_the_work_queue_when_it_is_done) {
  Told told;
  auto bytes = some_bytes(5);
  const auto before = status_of(mixed_pool);
  k_sched_lock();
  zassert_ok(entropy_add_entropy_async(mixed_pool, bytes.data(), 64, 256, tell, &told));
  bytes.fill(0);  // it was copied
  zassert_equal(told.times, 0);
  k_sched_unlock();
  let_work_run();
  zassert_equal(told.times, 1);
  zassert_ok(told.result);
  zassert_equal(told.dev, mixed_pool);
  zassert_true(told.on_work_queue);
  zassert_equal(status_of(mixed_pool).injected_bytes - before.injected_bytes, 64);
  zassert_equal(status_of(mixed_pool).reseeds - before.reseeds, 1);
}

ZTEST(inject, test_async_refuses_at_once_what_it_cannot_take) {
  const auto bytes = some_bytes(6);
  Told told;
  zassert_equal(entropy_add_entropy_async(good_source, bytes.data(), 32, 8, tell, &told), -ENOTSUP);
  zassert_equal(entropy_add_entropy_async(pool, bytes.data(), 32, 257, tell, &told), -EINVAL);
  zassert_equal(entropy_add_entropy_async(pool, nullptr, 1, 0, tell, &told), -EINVAL);
  zassert_equal(entropy_add_entropy_async(pool, bytes.data(), CONFIG_QEAAS_ENTROPY_ASYNC_BYTES + 1, 0, tell, &told), -EMSGSIZE);
  k_sched_lock();
  for (int i = 0; i < CONFIG_QEAAS_ENTROPY_ASYNC_SLOTS; ++i) zassert_ok(entropy_add_entropy_async(pool, bytes.data(), 32, 0, tell, &told));
  zassert_equal(entropy_add_entropy_async(pool, bytes.data(), 32, 0, tell, &told), -ENOMEM);
  k_sched_unlock();
  let_work_run();
  zassert_equal(told.times, CONFIG_QEAAS_ENTROPY_ASYNC_SLOTS);
  zassert_ok(entropy_add_entropy_async(pool, bytes.data(), 32, 0, nullptr, nullptr), "all slots are free again");
  let_work_run();
}

ZTEST(inject, test_an_interrupt_may_inject) {
  FromIsr call;
  const auto before = status_of(mixed_pool);
  irq_offload(inject_in_isr, &call);
  let_work_run();
  zassert_ok(call.result);
  zassert_ok(call.async_result);
  zassert_equal(call.told.times, 1);
  zassert_equal(status_of(mixed_pool).injected_bytes - before.injected_bytes, 64);
}

ZTEST(inject, test_a_callback_may_add_more) {
  const auto bytes = some_bytes(7);
  Told told;
  zassert_ok(entropy_add_entropy_async(pool, bytes.data(), 32, 0, callback_that_adds_again, &told));
  let_work_run();
  zassert_equal(told.times, 1);
  zassert_ok(told.result);
}
