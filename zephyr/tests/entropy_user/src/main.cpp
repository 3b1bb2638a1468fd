// SPDX-License-Identifier: GPL-3.0-or-later
// The system calls from user mode: what a user thread may do, what is an error to it, and what ends it.
#include <qeaas/entropy.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>
#include <zephyr/ztest_error_hook.h>

#include <array>
#include <cstdint>

namespace {

const device* const pool = DEVICE_DT_GET(DT_NODELABEL(pool));
const device* const other_pool = DEVICE_DT_GET(DT_NODELABEL(other_pool));
const device* const source = DEVICE_DT_GET(DT_NODELABEL(source));
const device* const uart = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));

// What user threads can reach.
ZTEST_BMEM int result;
ZTEST_BMEM bool came_back;
ZTEST_BMEM std::array<std::uint8_t, 64> shared;
ZTEST_BMEM struct qeaas_pool_status shared_status;

// What they cannot.
std::array<std::uint8_t, 64> kernels{1, 2, 3};
struct qeaas_pool_status kernels_status {
  .refused = 77
};

K_THREAD_STACK_DEFINE(stack, 2048);
k_thread thread;

using Work = void (*)(void* argument);

void run(void* work, void* argument, void* may_end) {
  ztest_set_fault_valid(may_end != nullptr);  // of this thread
  reinterpret_cast<Work>(work)(argument);
}

// as_user runs work in a user thread that was granted the pool, a source and the console, and says whether it came back.
bool as_user(Work work, void* argument = nullptr, bool may_end = false) {
  came_back = false;
  result = 12345;
  k_thread_create(&thread, stack, K_THREAD_STACK_SIZEOF(stack), run, reinterpret_cast<void*>(work), argument, may_end ? &thread : nullptr,
                  5, K_USER, K_FOREVER);
  k_thread_access_grant(&thread, pool, source, uart);
  k_thread_start(&thread);
  k_thread_join(&thread, K_FOREVER);
  return came_back;
}

// ends_the_thread is for what must not come back, nor reach a pool.
bool ends_the_thread(Work work, void* argument = nullptr) {
  struct qeaas_pool_status before, after;
  qeaas_pool_status(pool, &before);
  const bool back = as_user(work, argument, true);
  qeaas_pool_status(pool, &after);
  zassert_equal(before.injected_bytes, after.injected_bytes, "what was refused has been mixed");
  zassert_equal(before.pending_bits, after.pending_bits);
  return !back;
}

void done(int value) {
  result = value;
  came_back = true;
}

void adds(void*) { done(entropy_add_entropy(pool, shared.data(), shared.size(), 100)); }
void adds_nothing(void*) { done(entropy_add_entropy(pool, nullptr, 0, 0)); }
void takes(void*) { done(entropy_get_entropy(pool, shared.data(), shared.size())); }
void asks(void*) { done(qeaas_pool_status(pool, &shared_status)); }
void credits_too_much(void*) { done(entropy_add_entropy(pool, shared.data(), 4, 33)); }
void overflows(void*) { done(entropy_add_entropy(pool, shared.data(), 0, SIZE_MAX)); }
void adds_to_a_source(void*) { done(entropy_add_entropy(source, shared.data(), 4, 0)); }
void asks_a_source(void*) { done(qeaas_pool_status(source, &shared_status)); }

void adds_from(void* from) { done(entropy_add_entropy(pool, static_cast<std::uint8_t*>(from), 32, 0)); }
void adds_all_memory(void*) { done(entropy_add_entropy(pool, shared.data(), SIZE_MAX / 8, 0)); }
void asks_into(void* to) { done(qeaas_pool_status(pool, static_cast<struct qeaas_pool_status*>(to))); }
void adds_to(void* dev) { done(entropy_add_entropy(static_cast<const device*>(dev), shared.data(), 4, 0)); }
void asks_of(void* dev) { done(qeaas_pool_status(static_cast<const device*>(dev), &shared_status)); }
void adds_async(void*) { done(entropy_add_entropy_async(pool, shared.data(), 4, 0, nullptr, nullptr)); }

void* pointer(const void* to) { return const_cast<void*>(to); }

}  // namespace

ZTEST_SUITE(user, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(user, test_a_user_thread_adds_takes_and_asks) {
  struct qeaas_pool_status before, after;
  qeaas_pool_status(pool, &before);
  zassert_true(as_user(adds));
  zassert_ok(result);
  qeaas_pool_status(pool, &after);
  zassert_equal(after.injected_bytes - before.injected_bytes, 64);
  zassert_equal((before.pending_bits + 100) % 256, after.pending_bits);
  zassert_true(as_user(adds_nothing));
  zassert_ok(result);
  shared.fill(0);
  zassert_true(as_user(takes));
  zassert_ok(result);
  const std::array<std::uint8_t, 64> nothing{};
  zassert_true(shared != nothing);
  zassert_true(as_user(asks));
  zassert_ok(result);
  zassert_true(shared_status.seeded);
  zassert_equal(shared_status.injected_bytes, after.injected_bytes);
}

ZTEST(user, test_what_cannot_be_is_an_error) {
  for (const auto work : {credits_too_much, overflows}) {
    zassert_true(as_user(work));
    zassert_equal(result, -EINVAL);
  }
}

ZTEST(user, test_another_entropy_device_is_not_a_pool) {
  for (const auto work : {adds_to_a_source, asks_a_source}) {
    zassert_true(as_user(work));
    zassert_equal(result, -ENOTSUP);
  }
}

ZTEST(user, test_a_bad_pointer_to_data_ends_the_thread) {
  zassert_true(ends_the_thread(adds_from, nullptr));
  zassert_true(ends_the_thread(adds_from, kernels.data()), "kernel memory can be mixed, and so probed");
  zassert_true(ends_the_thread(adds_from, pool->data));
  zassert_true(ends_the_thread(adds_from, reinterpret_cast<void*>(0xfffffff0)));
  zassert_true(ends_the_thread(adds_all_memory));
}

ZTEST(user, test_a_bad_pointer_to_the_status_ends_the_thread) {
  zassert_true(ends_the_thread(asks_into, nullptr));
  zassert_true(ends_the_thread(asks_into, &kernels_status));
  zassert_equal(kernels_status.refused, 77, "the kernel's memory was written");
  zassert_true(ends_the_thread(asks_into, pointer(pool->config)), "read-only memory");
}

ZTEST(user, test_a_device_that_was_not_granted_or_is_none_ends_the_thread) {
  for (const void* dev : {static_cast<const void*>(other_pool), static_cast<const void*>(uart), static_cast<const void*>(shared.data()),
                          static_cast<const void*>(nullptr), static_cast<const void*>(kernels.data())}) {
    zassert_true(ends_the_thread(adds_to, pointer(dev)), "%p", dev);
    zassert_true(ends_the_thread(asks_of, pointer(dev)), "%p", dev);
  }
}

ZTEST(user, test_the_asynchronous_call_is_not_for_user_threads) { zassert_true(ends_the_thread(adds_async)); }
