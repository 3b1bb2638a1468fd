// SPDX-License-Identifier: GPL-3.0-or-later
// SpinGuard holds a Zephyr spinlock, with interrupts off, until it goes out of scope.
#pragma once

#include <zephyr/spinlock.h>

namespace qeaas {

class SpinGuard {
 public:
  explicit SpinGuard(k_spinlock& lock) noexcept : lock_(lock), key_(k_spin_lock(&lock)) {}
  ~SpinGuard() { k_spin_unlock(&lock_, key_); }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;

 private:
  k_spinlock& lock_;
  k_spinlock_key_t key_;
};

}  // namespace qeaas
