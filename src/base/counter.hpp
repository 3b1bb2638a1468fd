// SPDX-License-Identifier: GPL-3.0-or-later
// Counter: what one thread counts and any thread may read, as the metrics do. No ordering is promised between counters.
#pragma once

#include <atomic>
#include <cstdint>

namespace qeaas {

class Counter {
 public:
  // add and subtract are for the one thread that owns the counter.
  void add(std::uint64_t amount = 1) noexcept { value_.store(get() + amount, std::memory_order_relaxed); }
  void subtract(std::uint64_t amount = 1) noexcept { value_.store(get() - amount, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace qeaas
