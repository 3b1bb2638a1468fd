// SPDX-License-Identifier: GPL-3.0-or-later
// LockedMemory: pages of their own for bytes that nobody has used yet. Not swapped (where the limits allow), not in core dumps, wiped at
// the end, and zeros in a forked child. ForkMark tells a child that it is one, by such a page and by the process id.
#pragma once

#include <atomic>
#include <sys/types.h>

#include "base/secret.hpp"

namespace qeaas::provider {

class LockedMemory {
 public:
  LockedMemory() noexcept = default;
  // Maps at least size bytes, all zero. Without memory the span is empty.
  explicit LockedMemory(std::size_t size) noexcept;
  ~LockedMemory();
  LockedMemory(const LockedMemory&) = delete;
  LockedMemory& operator=(const LockedMemory&) = delete;

  MutableBytes span() const noexcept { return {memory_, size_}; }
  // lock keeps the pages from being swapped; a forked child has to ask anew. False where the limits do not allow it.
  bool lock() noexcept;
  // wiped_on_fork: the kernel gives a child zeros instead of these bytes.
  bool wiped_on_fork() const noexcept { return wiped_on_fork_; }

 private:
  std::uint8_t* memory_ = nullptr;
  std::size_t size_ = 0;
  bool wiped_on_fork_ = false;
};

class ForkMark {
 public:
  ForkMark() noexcept;
  // forked: this process is another than the one that claimed last. Any thread; cheap where the kernel wipes pages, else a system call.
  bool forked() const noexcept;
  void claim() noexcept;

 private:
  LockedMemory page_;
  std::atomic<pid_t> owner_;
};

}  // namespace qeaas::provider
