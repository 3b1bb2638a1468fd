// SPDX-License-Identifier: GPL-3.0-or-later
// Pacing and allowances. A Rate is a token bucket in GCRA form: its whole state is one 64-bit count of nanoseconds, so that
// workers share it with one compare-and-swap. A DailyLease is the part of a day's allowance that the database has already
// written off. Time is an argument; nothing here allocates, locks or asks a clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "access/identity.hpp"

namespace qeaas::access {

// Decision is yes, or no with the reason and the time after which the same request may succeed.
struct Decision {
  std::optional<Error> refusal;         // over_quota, too_large (never grantable), forbidden, io
  std::chrono::seconds retry_after{0};  // at least 1 with over_quota; 0 otherwise
  explicit operator bool() const noexcept { return !refusal; }
  static Decision ok() noexcept { return {}; }
  static Decision no(Error why, std::chrono::seconds retry = std::chrono::seconds{0}) noexcept { return {why, retry}; }
};

// Rate is the immutable half of a bucket: amount per second with a burst. A unit is a byte, or a handshake.
//
// Arithmetic: n units cost ceil(n * 1e9 / per_second) ns, so rounding never favours the client (less than 1 ns a take). With
// n <= 2^31, a burst <= 2^31, 1 <= per_second <= 1e10 and a clock below 2^62 ns (146 years), every sum stays below 2^63:
// cost and tolerance are at most 2.15e18 each.
class Rate {
 public:
  constexpr Rate() noexcept = default;  // unlimited
  // per_second 0 is unlimited; values beyond the limits of identity.hpp are clamped to them, burst to at least 1.
  Rate(std::uint64_t per_second, std::uint64_t burst) noexcept;
  static Rate of(const Quota& quota) noexcept { return {quota.bytes_per_second, effective_burst(quota)}; }

  bool unlimited() const noexcept { return per_second_ == 0; }
  std::uint64_t burst() const noexcept { return burst_; }

  // next answers whether amount may pass at now when the bucket's state is arrival, and with which new state.
  struct Step {
    Decision decision;
    std::int64_t arrival;
  };
  Step next(std::int64_t arrival, std::uint64_t amount, std::int64_t now_ns) const noexcept;

 private:
  std::int64_t cost_ns(std::uint64_t amount) const noexcept;
  std::uint64_t per_second_ = 0;
  std::uint64_t burst_ = 0;
  std::int64_t tolerance_ns_ = 0;  // how far ahead of now the theoretical arrival time may run
};

std::int64_t nanoseconds(std::chrono::steady_clock::time_point when) noexcept;

// Bucket is the shared half: the theoretical arrival time. Any number of threads may take.
class Bucket {
 public:
  Decision take(const Rate& rate, std::uint64_t amount, std::chrono::steady_clock::time_point now) noexcept;

 private:
  std::atomic<std::int64_t> arrival_ns_{0};
};

using Day = std::uint32_t;  // days since 1970-01-01 UTC; 20 bits are kept
Day day_of(WallTime wall) noexcept;
std::chrono::seconds until_tomorrow(WallTime wall) noexcept;

// DailyLease holds bytes that the database has already debited for one day: what is lost with the process is lost to the
// client, never gained. One atomic: the day in 20 bits, the bytes in 44.
class DailyLease {
 public:
  // take is true when the lease is of this day and holds enough.
  bool take(Day day, std::uint64_t bytes) noexcept;
  // add puts freshly debited bytes in; what is left of another day is dropped.
  void add(Day day, std::uint64_t bytes) noexcept;
  std::uint64_t left(Day day) const noexcept;

 private:
  std::atomic<std::uint64_t> packed_{0};
};

// lease_size is how much of an allowance to debit at once: a 32nd, so that a crash costs little and a busy identity writes
// to the disk at most some 32 times a day, but never less than what is asked for now.
std::uint64_t lease_size(std::uint64_t bytes_per_day, std::uint64_t wanted) noexcept;

// Account is the mutable half of an identity; it outlives the table's snapshots.
struct Account {
  Bucket bucket;
  DailyLease lease;
  std::atomic<std::uint64_t> unwritten_bytes{0};   // served, not yet in the database
  std::atomic<std::int64_t> last_seen_seconds{0};  // UTC; 0 when not seen since the last write
};

}  // namespace qeaas::access
