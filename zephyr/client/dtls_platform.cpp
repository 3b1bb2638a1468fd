// SPDX-License-Identifier: GPL-3.0-or-later
// What wolfSSL takes from the device: a heap of its own, seeds, and time since boot.
#include "dtls_platform.h"

#include <zephyr/device.h>
#include <zephyr/drivers/entropy.h>
#include <zephyr/kernel.h>

#include <algorithm>
#include <climits>

#include "dtls.hpp"

#if !DT_HAS_CHOSEN(zephyr_entropy)
#error "DTLS needs seeds: choose a device for zephyr,entropy in the devicetree"
#endif

namespace {

K_HEAP_DEFINE(wolfssl_heap, CONFIG_QEAAS_DTLS_HEAP_BYTES);

// wolfSSL's milliseconds begin here: it holds back repetitions within a second of time 0, when nothing was ever sent.
constexpr std::int64_t kClockStartMs = 60'000;

std::uint32_t refusals = 0;

void* counted(void* memory, size_t size) noexcept {
  if (memory == nullptr && size != 0) ++refusals;
  return memory;
}

const device* entropy_device() noexcept { return DEVICE_DT_GET(DT_CHOSEN(zephyr_entropy)); }

}  // namespace

extern "C" {

void* qeaas_dtls_malloc(size_t size, int /*type*/) { return counted(k_heap_alloc(&wolfssl_heap, size, K_NO_WAIT), size); }

void* qeaas_dtls_realloc(void* memory, size_t size, int /*type*/) {
  return counted(k_heap_realloc(&wolfssl_heap, memory, size, K_NO_WAIT), size);
}

void qeaas_dtls_free(void* memory, int /*type*/) {
  if (memory != nullptr) k_heap_free(&wolfssl_heap, memory);
}

int qeaas_dtls_seed(unsigned char* out, unsigned int size) {
  if (size > UINT16_MAX || !device_is_ready(entropy_device())) return -1;
  return entropy_get_entropy(entropy_device(), out, static_cast<uint16_t>(size)) == 0 ? 0 : -1;
}

// wolfSSL's USER_TICKS: coarse time for its own timers, and milliseconds for a ticket's age. Both from any beginning. (wolfSSL's own
// version of the second would halt the processor on native_sim.)
unsigned int LowResTimer(void) { return static_cast<unsigned int>(k_uptime_get() / 1000); }
long long TimeNowInMilliseconds(void) { return kClockStartMs + k_uptime_get(); }
}

namespace qeaas::device {

HeapUse dtls_heap_use() noexcept {
  sys_memory_stats stats{};
  sys_heap_runtime_stats_get(&wolfssl_heap.heap, &stats);
  return {CONFIG_QEAAS_DTLS_HEAP_BYTES, stats.allocated_bytes, stats.max_allocated_bytes, refusals};
}

void dtls_heap_reset_peak() noexcept { sys_heap_runtime_stats_reset_max(&wolfssl_heap.heap); }

}  // namespace qeaas::device
