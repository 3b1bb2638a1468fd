// SPDX-License-Identifier: GPL-3.0-or-later
// PoolDevice: what the system work queue does for a pool that wants a refill: it tells the listener, and reads the sources, again and again
// with growing waits while they fail.
#include "pool_device.hpp"
#include "spin_guard.hpp"

namespace qeaas {

void PoolDevice::start() noexcept {
  bool asks;
  {
    SpinGuard guard(lock_);
    started_ = true;
    asks = begins_to_want();
  }
  if (settings_->seed != nullptr) k_work_submit(&seed_work_);  // first in the queue: it may spare the refill
  if (asks) ask_for_refill();
}

void PoolDevice::ask_for_refill() noexcept { k_work_submit(&low_work_); }

void PoolDevice::on_low(qeaas_pool_low_t listener, void* user_data) noexcept {
  bool tell;
  {
    SpinGuard guard(lock_);
    listener_ = listener;
    listener_data_ = user_data;
    tell = listener != nullptr && started_ && pool().wants_refill();
    asked_ = asked_ || tell;
  }
  if (tell) ask_for_refill();
}

// The listener comes first: it must not wait for a source that blocks.
void PoolDevice::on_low_work(k_work* work) {
  auto& self = *CONTAINER_OF(work, PoolDevice, low_work_);
  self.tell_listener();
  k_work_schedule(&self.refill_work_, self.until_next_refill());  // leaves a wait that is under way as it is
}

void PoolDevice::tell_listener() noexcept {
  qeaas_pool_low_t listener;
  void* user_data;
  {
    SpinGuard guard(lock_);
    listener = listener_;
    user_data = listener_data_;
  }
  if (listener != nullptr) listener(self_, user_data);
}

void PoolDevice::on_refill_work(k_work* work) { CONTAINER_OF(k_work_delayable_from_work(work), PoolDevice, refill_work_)->refill(); }

void PoolDevice::refill() noexcept {
  if (!wants_refill()) return;  // somebody has injected meanwhile
  const bool good = gather(Reading::blocking);
  {
    SpinGuard guard(lock_);
    next_refill_ms_ = k_uptime_get() + CONFIG_QEAAS_ENTROPY_REFILL_INTERVAL_MS;
    failures_in_a_row_ = good ? 0 : failures_in_a_row_ + 1;
  }
  if (!good && wants_refill()) k_work_schedule(&refill_work_, back_off());
}

k_timeout_t PoolDevice::until_next_refill() noexcept {
  SpinGuard guard(lock_);
  const std::int64_t wait = next_refill_ms_ - k_uptime_get();
  return wait > 0 ? K_MSEC(wait) : K_NO_WAIT;
}

// back_off needs no secret, only a wait that two devices are unlikely to share: the cycle counter serves.
k_timeout_t PoolDevice::back_off() noexcept {
  SpinGuard guard(lock_);
  std::uint32_t longest = CONFIG_QEAAS_ENTROPY_RETRY_MIN_MS;
  for (std::uint32_t i = 1; i < failures_in_a_row_ && longest < CONFIG_QEAAS_ENTROPY_RETRY_MAX_MS; ++i) longest *= 2;
  if (longest > CONFIG_QEAAS_ENTROPY_RETRY_MAX_MS) longest = CONFIG_QEAAS_ENTROPY_RETRY_MAX_MS;
  const std::uint32_t half = longest / 2;
  const std::uint32_t spread = (k_cycle_get_32() * 2654435761U) >> 8;
  return K_MSEC(longest - (half == 0 ? 0 : spread % (half + 1)));
}

}  // namespace qeaas
