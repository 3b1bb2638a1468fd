// SPDX-License-Identifier: GPL-3.0-or-later
#define DT_DRV_COMPAT qeaas_test_source

#include "test_source.hpp"

#include <string.h>
#include <zephyr/drivers/entropy.h>
#include <zephyr/kernel.h>

namespace {

K_SEM_DEFINE(gate, 0, K_SEM_MAX_LIMIT);

TestSource& of(const device* dev) { return *static_cast<TestSource*>(dev->data); }

bool interrupts_off() {
  const unsigned key = irq_lock();
  const bool off = !arch_irq_unlocked(key);
  irq_unlock(key);
  return off;
}

int get(const device* dev, std::uint8_t* buffer, std::uint16_t length) {
  auto& source = of(dev);
  source.read_at_ms[source.blocking_reads++ % 8] = k_is_pre_kernel() ? 0 : k_uptime_get();
  if (k_is_pre_kernel() || k_is_in_isr()) {
    ++source.wrong_context;
  } else {
    if (interrupts_off()) ++source.locked_reads;
    if (k_current_get() == k_work_queue_thread_get(&k_sys_work_q)) ++source.work_queue_reads;
  }
  if (source.does == TestSource::Does::fails) return -EIO;
  if (source.does == TestSource::Does::blocks) k_sem_take(&gate, K_FOREVER);
  source.give({buffer, length});
  return 0;
}

int get_isr(const device* dev, std::uint8_t* buffer, std::uint16_t length, std::uint32_t flags) {
  auto& source = of(dev);
  ++((flags & ENTROPY_BUSYWAIT) != 0 ? source.busy_reads : source.no_wait_reads);
  if (source.does == TestSource::Does::fails) return -EIO;
  if (source.does == TestSource::Does::gives_none) return 0;
  source.give({buffer, length});
  return source.does == TestSource::Does::lies ? length + 1 : length;
}

int init(const device*) { return 0; }

DEVICE_API(entropy, with_isr) = {.get_entropy = get, .get_entropy_isr = get_isr};
DEVICE_API(entropy, without_isr) = {.get_entropy = get, .get_entropy_isr = nullptr};

}  // namespace

#define DEFINE(n)                                                                                                                          \
  static constinit TestSource source_##n{DT_INST_PROP(n, begins_broken) ? TestSource::Does::fails : TestSource::Does::counts, 77 * n + 1}; \
  DEVICE_DT_INST_DEFINE(n, init, nullptr, &source_##n, nullptr, PRE_KERNEL_1, CONFIG_ENTROPY_INIT_PRIORITY,                                \
                        DT_INST_PROP(n, no_isr) ? &without_isr : &with_isr);

DT_INST_FOREACH_STATUS_OKAY(DEFINE)

void TestSource::give(std::span<std::uint8_t> to) {
  bytes += to.size();
  for (auto& byte : to) {
    next = next * 1664525U + 1013904223U;
    byte = does == Does::sticks ? 0x5a : static_cast<std::uint8_t>(next >> 24);
  }
}

TestSource& test_source(const device* dev) { return of(dev); }
void test_source_open_gate() { k_sem_give(&gate); }
