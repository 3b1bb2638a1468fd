// SPDX-License-Identifier: GPL-3.0-or-later
// The generic cell rate algorithm (ITU-T I.371) in whole nanoseconds, and the packed lease.
#include "access/quota.hpp"

#include <algorithm>

namespace qeaas::access {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr unsigned kLeaseBits = 44;
constexpr std::uint64_t kLeaseMask = (std::uint64_t{1} << kLeaseBits) - 1;
constexpr std::uint64_t kLeasesPerDay = 32;
static_assert(kMaxBytesPerDay <= kLeaseMask);
// The sums of Rate::next: now + tolerance + cost, each at its documented limit.
static_assert(kMaxBurstBytes * kNanosecondsPerSecond < (std::uint64_t{1} << 61));

__extension__ using Wide = unsigned __int128;  // nanoseconds times bytes a second need more than 64 bits

std::int64_t ceil_seconds(std::int64_t ns) noexcept {
  const auto second = static_cast<std::int64_t>(kNanosecondsPerSecond);
  return ns / second + (ns % second != 0 ? 1 : 0);
}

constexpr std::uint64_t pack(Day day, std::uint64_t bytes) noexcept { return std::uint64_t{day} << kLeaseBits | bytes; }

}  // namespace

std::int64_t nanoseconds(std::chrono::steady_clock::time_point when) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

Rate::Rate(std::uint64_t per_second, std::uint64_t burst) noexcept
    : per_second_(std::min(per_second, kMaxBytesPerSecond)), burst_(std::clamp<std::uint64_t>(burst, 1, kMaxBurstBytes)) {
  if (per_second_ != 0) tolerance_ns_ = cost_ns(burst_);
}

std::int64_t Rate::cost_ns(std::uint64_t amount) const noexcept {
  return static_cast<std::int64_t>((amount * kNanosecondsPerSecond + per_second_ - 1) / per_second_);
}

Rate::Step Rate::next(std::int64_t arrival, std::uint64_t amount, std::int64_t now_ns) const noexcept {
  if (unlimited() || amount == 0) return {Decision::ok(), arrival};
  if (amount > burst_) return {Decision::no(Error::too_large), arrival};
  const auto moved = std::max(arrival, now_ns) + cost_ns(amount);
  const auto ahead = moved - now_ns;
  if (ahead <= tolerance_ns_) return {Decision::ok(), moved};
  const auto wait = std::chrono::seconds(ceil_seconds(ahead - tolerance_ns_));
  return {Decision::no(Error::over_quota, wait), arrival};
}

std::uint64_t Rate::left(std::int64_t arrival, std::int64_t now_ns) const noexcept {
  const auto free_ns = static_cast<Wide>(std::clamp<std::int64_t>(now_ns + tolerance_ns_ - arrival, 0, tolerance_ns_));
  return std::min(static_cast<std::uint64_t>(free_ns * per_second_ / kNanosecondsPerSecond), burst_);
}

Decision Bucket::take(const Rate& rate, std::uint64_t amount, std::chrono::steady_clock::time_point now) noexcept {
  if (rate.unlimited()) return Decision::ok();
  const auto now_ns = nanoseconds(now);
  auto arrival = arrival_ns_.load();
  while (true) {
    const auto step = rate.next(arrival, amount, now_ns);
    if (!step.decision) return step.decision;
    if (arrival_ns_.compare_exchange_weak(arrival, step.arrival)) return step.decision;
  }
}

void Bucket::give_back(const Rate& rate, std::uint64_t amount) noexcept { arrival_ns_.fetch_sub(-rate.undo(0, amount)); }

void Bucket::begin(std::int64_t arrival_ns, std::int64_t written_ns) noexcept {
  arrival_ns_.store(arrival_ns);
  written_ns_.store(written_ns);
}

void Bucket::lower_to(std::int64_t ceiling_ns) noexcept {
  auto arrival = arrival_ns_.load();
  while (arrival > ceiling_ns && !arrival_ns_.compare_exchange_weak(arrival, ceiling_ns)) {
  }
}

bool Bucket::covered(std::int64_t now_ns) const noexcept {
  return arrival_ns_.load() <= std::max(written_ns_.load(), now_ns) + kUnwrittenNs;
}

std::int64_t Bucket::begin_write() noexcept {
  written_ns_.store(std::min(written_ns_.load(), arrival_ns_.load()));
  return arrival_ns_.load();
}

Day day_of(WallTime wall) noexcept {
  const auto days = std::max<std::int64_t>(wall.time_since_epoch().count(), 0) / kSecondsPerDay;
  return static_cast<Day>(std::min<std::int64_t>(days, (1 << 20) - 1));
}

std::chrono::seconds until_tomorrow(WallTime wall) noexcept {
  const auto seconds = std::max<std::int64_t>(wall.time_since_epoch().count(), 0);
  return std::chrono::seconds(kSecondsPerDay - seconds % kSecondsPerDay);
}

bool DailyLease::take(Day day, std::uint64_t bytes) noexcept {
  auto packed = packed_.load(std::memory_order_relaxed);
  while (packed >> kLeaseBits == day && (packed & kLeaseMask) >= bytes) {
    if (packed_.compare_exchange_weak(packed, packed - bytes, std::memory_order_relaxed)) return true;
  }
  return false;
}

void DailyLease::add(Day day, std::uint64_t bytes) noexcept {
  auto packed = packed_.load(std::memory_order_relaxed);
  std::uint64_t fresh = 0;
  do {
    const auto kept = packed >> kLeaseBits == day ? packed & kLeaseMask : 0;
    fresh = pack(day, std::min(kept + bytes, kLeaseMask));
  } while (!packed_.compare_exchange_weak(packed, fresh, std::memory_order_relaxed));
}

void DailyLease::give_back(Day day, std::uint64_t bytes) noexcept {
  auto packed = packed_.load(std::memory_order_relaxed);
  while (packed >> kLeaseBits == day) {
    const auto more = pack(day, std::min((packed & kLeaseMask) + bytes, kLeaseMask));
    if (packed_.compare_exchange_weak(packed, more, std::memory_order_relaxed)) return;
  }
}

std::uint64_t DailyLease::left(Day day) const noexcept {
  const auto packed = packed_.load(std::memory_order_relaxed);
  return packed >> kLeaseBits == day ? packed & kLeaseMask : 0;
}

std::uint64_t lease_size(std::uint64_t bytes_per_day, std::uint64_t wanted) noexcept {
  return std::max(wanted, bytes_per_day / kLeasesPerDay);
}

}  // namespace qeaas::access
