// SPDX-License-Identifier: GPL-3.0-or-later
// Signal: where pumps announce that something has changed, and where start-up (and tests) wait for a condition to become true.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace qeaas {

class Signal {
 public:
  void announce() noexcept {
    { const std::lock_guard lock(mutex_); }  // a waiter between its check and its sleep would miss the notice
    changed_.notify_all();
  }

  // wait_until returns the condition's last value: false after the time-out. The condition must not announce.
  template <class Condition>
  bool wait_until(std::chrono::milliseconds timeout, const Condition& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, condition);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace qeaas
