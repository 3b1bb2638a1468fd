// SPDX-License-Identifier: GPL-3.0-or-later
// Interrupter: the one way in which a source waits. It wakes for a descriptor, for a deadline, or because another thread asked the
// source to stop. interrupt may come from any thread and is final; everything else belongs to the source's thread.
#pragma once

#include <atomic>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/handle.hpp"
#include "base/secret.hpp"

namespace qeaas {

class Interrupter {
 public:
  Interrupter() noexcept;

  // ready: closed after an interrupt; no_space when the system gave no event to wait on, so that a wait could not be ended.
  Status ready() const noexcept;
  void interrupt() noexcept;
  bool interrupted() const noexcept { return interrupted_.load(std::memory_order_acquire); }

  // wait_readable returns when the descriptor has bytes, an error or its end to report. Errors: timeout, closed.
  Status wait_readable(int descriptor, TimePoint deadline) noexcept;
  // wait_until returns at the deadline, or with closed.
  Status wait_until(TimePoint deadline) noexcept;

 private:
  FileDescriptor event_;
  std::atomic<bool> interrupted_{false};
};

// read_descriptor fills bytes from a non-blocking descriptor; patience is the longest time without a single byte.
// Errors: source_gone (end of file or a failure of the device), timeout, closed.
Status read_descriptor(int descriptor, MutableBytes bytes, std::chrono::milliseconds patience, Interrupter& interrupter) noexcept;

}  // namespace qeaas
