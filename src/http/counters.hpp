// SPDX-License-Identifier: GPL-3.0-or-later
// Counters of one worker's HTTP front. Its thread adds, whoever writes the metrics reads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace qeaas::http {

class Counter {
 public:
  // add is for the one thread that owns the counter.
  void add(std::uint64_t amount = 1) noexcept { value_.store(get() + amount, std::memory_order_relaxed); }
  void subtract(std::uint64_t amount = 1) noexcept { value_.store(get() - amount, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Counters {
  std::array<Counter, 5> answers;  // by class of status: 1xx to 5xx
  Counter random_bytes;            // of entropy given out, before any encoding
  Counter sent_bytes;              // on the wire, without TLS's own
  Counter accepted;                // connections
  Counter open;                    // connections now
  Counter refused;                 // connections beyond a limit
  Counter timed_out;
  Counter web_sockets;  // opened
};

}  // namespace qeaas::http
