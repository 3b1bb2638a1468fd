// SPDX-License-Identifier: GPL-3.0-or-later
// Pacing and allowances. A Rate is a token bucket in GCRA form: its whole state is one 64-bit count of nanoseconds, so that
// workers share it with one compare-and-swap. A DailyLease is the part of a day's allowance that the database has already
// written off. Time is an argument; nothing here allocates, locks or asks a clock.
//
// A bucket outlives a crash: the store keeps its level, and at most kUnwritten of spending may be ahead of what is stored. After a
// crash a bucket begins kCrashCost above the stored level. So a crash loses a second's allowance and never gains any.
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
  std::chrono::seconds retry_after{0};  // at least 1 with over_quota and io; 0 otherwise
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
  std::int64_t tolerance_ns() const noexcept { return tolerance_ns_; }  // how long an empty bucket takes to fill; 0 when unlimited

  // next answers whether amount may pass at now when the bucket's state is arrival, and with which new state.
  struct Step {
    Decision decision;
    std::int64_t arrival;
  };
  Step next(std::int64_t arrival, std::uint64_t amount, std::int64_t now_ns) const noexcept;
  // undo gives the state without an amount that next let pass.
  std::int64_t undo(std::int64_t arrival, std::uint64_t amount) const noexcept { return unlimited() ? arrival : arrival - cost_ns(amount); }
  // left is the largest amount that next would let pass. Not for an unlimited rate.
  std::uint64_t left(std::int64_t arrival, std::int64_t now_ns) const noexcept;

 private:
  std::int64_t cost_ns(std::uint64_t amount) const noexcept;
  std::uint64_t per_second_ = 0;
  std::uint64_t burst_ = 0;
  std::int64_t tolerance_ns_ = 0;  // how far ahead of now the theoretical arrival time may run
};

std::int64_t nanoseconds(std::chrono::steady_clock::time_point when) noexcept;

inline constexpr std::int64_t kUnwrittenNs = 900'000'000;    // spending that the store need not know, as time of the rate
inline constexpr std::int64_t kCrashCostNs = 1'000'000'000;  // the difference is for wall clocks that drift between two writes

// Bucket is the shared half: the theoretical arrival time, and what of it the store holds. Any number of threads may take.
//
// Invariant while covered() was asked after every take: arrival <= max(level in the store, now) + kUnwrittenNs.
class Bucket {
 public:
  Decision take(const Rate& rate, std::uint64_t amount, std::chrono::steady_clock::time_point now) noexcept;
  // give_back undoes a take of the same rate and amount.
  void give_back(const Rate& rate, std::uint64_t amount) noexcept;
  // begin sets both levels, before the bucket is shared. lower_to takes back what is above a ceiling.
  void begin(std::int64_t arrival_ns, std::int64_t written_ns) noexcept;
  void lower_to(std::int64_t ceiling_ns) noexcept;
  std::int64_t arrival_ns() const noexcept { return arrival_ns_.load(); }

  // covered tells whether what was taken may be served before the store knows of it. If not, begin_write gives the level that must
  // be stored, and end_write says that it is. One writer at a time.
  bool covered(std::int64_t now_ns) const noexcept;
  std::int64_t begin_write() noexcept;
  void end_write(std::int64_t level_ns) noexcept { written_ns_.store(level_ns); }

 private:
  // Sequentially consistent: a taker moves arrival and then looks at written, a writer lowers written and then looks at arrival, and
  // one of them must see the other.
  std::atomic<std::int64_t> arrival_ns_{0};
  std::atomic<std::int64_t> written_ns_{0};
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
  // give_back undoes a take of that day; when another day has begun, there is nothing to give back to.
  void give_back(Day day, std::uint64_t bytes) noexcept;
  std::uint64_t left(Day day) const noexcept;

 private:
  std::atomic<std::uint64_t> packed_{0};
};

// lease_size is how much of an allowance to debit at once: a 32nd, so that a crash costs little and a busy identity writes
// to the disk at most some 32 times a day, but never less than what is asked for now.
std::uint64_t lease_size(std::uint64_t bytes_per_day, std::uint64_t wanted) noexcept;

// Balance is what the store keeps of an identity's quotas.
struct Balance {
  std::int64_t bucket_ns = 0;  // theoretical arrival time, nanoseconds since 1970-01-01 UTC
  bool settled = true;         // bucket_ns is exact; false while a server may have spent more
  Day lease_day = 0;
  std::uint64_t leased_bytes = 0;  // debited on lease_day
};

// Account is the mutable half of an identity; it outlives the table's snapshots.
struct Account {
  Bucket bucket;
  DailyLease lease;
  DailyLease debited;                              // what the store has debited of the day, for those who ask what is left
  std::atomic<std::int64_t> unwritten_bytes{0};    // served, not yet in the database; negative when some were given back
  std::atomic<std::int64_t> last_seen_seconds{0};  // UTC; 0 when not seen since the last write
  Balance stored;                                  // as last read or written; guarded by Access
};

}  // namespace qeaas::access
