// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots swapped, quotas debited, accounts written.
#include "access/access.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace qeaas::access {
namespace {

constexpr std::int64_t kLatestNs = std::int64_t{1} << 62;  // year 2116: what is stored beyond it is no time
constexpr std::int64_t kDriftNs = 50'000'000;              // levels that differ by less need not be written
// While the server runs, workers ask the store from their event loops, and nobody may hold these up. What is not written in this time is
// refused for now, or tried again a second later.
constexpr std::chrono::milliseconds kBusyTimeout{20};
constexpr std::chrono::milliseconds kLastBusyTimeout{1000};  // of settle, which nobody waits for
constexpr std::chrono::seconds kUnwritableRetry{1};
static_assert(kUnwrittenNs + 2 * kDriftNs <= kCrashCostNs);

std::int64_t offset(const Clocks& now) noexcept { return now.wall.time_since_epoch().count() - nanoseconds(now.steady); }

std::chrono::seconds up_to_seconds(std::int64_t ns) noexcept {
  return std::chrono::ceil<std::chrono::seconds>(std::chrono::nanoseconds(ns));
}

// Fail closed: a debit that could not be written is not served. A row that is gone is an identity that was removed.
Decision unwritable(Error error) noexcept {
  return error == Error::not_found ? Decision::no(Error::forbidden) : Decision::no(Error::io, kUnwritableRetry);
}

}  // namespace

Access::Access(Store store, const Quota& default_quota) : store_(std::move(store)), default_quota_(default_quota) {}

Outcome<std::unique_ptr<Access>> Access::open(const std::filesystem::path& folder, const Quota& default_quota, const Clocks& now) {
  if (auto ok = valid_quota(default_quota); !ok) return tl::unexpected(ok.error());
  auto store = Store::open(folder);
  if (!store) return tl::unexpected(store.error());
  std::unique_ptr<Access> access(new Access(std::move(*store), default_quota));
  const std::lock_guard lock(access->store_mutex_);
  if (auto loaded = access->load(default_quota, now); !loaded) return tl::unexpected(loaded.error());
  access->store_.set_busy_timeout(kBusyTimeout);
  return access;
}

Outcome<void> Access::load(const Quota& default_quota, const Clocks& now) {
  wall_offset_ns_ = offset(now);
  // The version first: a change between the two readings then causes one reload too many, never one too few.
  const auto version = store_.data_version();
  if (!version) return tl::unexpected(version.error());
  auto records = store_.claim();
  if (!records) return tl::unexpected(records.error());
  const auto before = snapshot();
  auto table = std::make_shared<const Table>(std::move(*records), default_quota, before.get());
  if (table->find(kAnonymousId) == nullptr)
    return fault(Error::malformed, std::string(kStoreFile) + " lacks the entry 'anonymous'; restore a backup");
  const auto now_ns = nanoseconds(now.steady);
  for (const auto& entry : table->entries()) {
    if (before == nullptr || before->find(entry.identity.id) == nullptr) begin_account(*entry.account, now_ns);
    // A clock that was set back, or a new quota, must not lock anybody out for longer than an empty bucket takes to fill.
    if (!entry.rate.unlimited()) entry.account->bucket.lower_to(now_ns + entry.rate.tolerance_ns());
  }
  {
    const std::lock_guard lock(table_mutex_);
    table_ = std::move(table);
    generation_.fetch_add(1, std::memory_order_release);
  }
  default_quota_ = default_quota;
  seen_version_ = *version;
  return {};
}

void Access::begin_account(Account& account, std::int64_t now_ns) const noexcept {
  const auto& stored = account.stored;
  const auto written = std::clamp<std::int64_t>(stored.bucket_ns, 0, kLatestNs) - wall_offset_ns_;
  account.bucket.begin(stored.settled ? written : std::max(written, now_ns) + kCrashCostNs, written);
  account.debited.add(stored.lease_day, stored.leased_bytes);
}

Outcome<bool> Access::reload_if_changed(const Clocks& now) {
  const std::lock_guard lock(store_mutex_);
  const auto version = store_.data_version();
  if (!version) return tl::unexpected(version.error());
  if (*version == seen_version_) return false;
  return load(default_quota_, now).map([] { return true; });
}

Outcome<void> Access::set_default_quota(const Quota& quota, const Clocks& now) {
  if (auto ok = valid_quota(quota); !ok) return ok;
  const std::lock_guard lock(store_mutex_);
  return load(quota, now);
}

std::shared_ptr<const Table> Access::snapshot() const {
  const std::lock_guard lock(table_mutex_);
  return table_;
}

Decision Access::take(const Entry& entry, std::uint64_t bytes, const Instant& now) noexcept {
  if (!entry.enabled()) return Decision::no(Error::forbidden);
  auto& account = *entry.account;
  // The rate first: a client that is too fast must not use up its day by being refused.
  if (auto paced = account.bucket.take(entry.rate, bytes, now.steady); !paced) return paced;
  auto decision = Decision::ok();
  if (entry.quota.bytes_per_day != 0) decision = debit_day(entry, bytes, now);
  if (decision && !entry.rate.unlimited() && !account.bucket.covered(nanoseconds(now.steady))) {
    decision = write_level(entry, now);
    if (!decision) account.lease.give_back(day_of(now.wall), entry.quota.bytes_per_day != 0 ? bytes : 0);
  }
  if (!decision) {
    account.bucket.give_back(entry.rate, bytes);
    return decision;
  }
  account.unwritten_bytes.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  account.last_seen_seconds.store(now.wall.time_since_epoch().count(), std::memory_order_relaxed);
  return decision;
}

void Access::give_back(const Charge& charge, std::uint64_t bytes) noexcept {
  auto& account = *charge.account;
  account.bucket.give_back(charge.rate, bytes);
  if (charge.daily) account.lease.give_back(day_of(charge.taken.wall), bytes);
  account.unwritten_bytes.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
}

Decision Access::debit_day(const Entry& entry, std::uint64_t bytes, const Instant& now) noexcept {
  const auto allowance = entry.quota.bytes_per_day;
  if (bytes > allowance) return Decision::no(Error::too_large);
  auto& lease = entry.account->lease;
  const auto day = day_of(now.wall);
  if (lease.take(day, bytes)) return Decision::ok();
  const std::lock_guard lock(store_mutex_);
  if (lease.take(day, bytes)) return Decision::ok();  // another worker renewed it meanwhile
  // What is left of the lease is used first; only the rest is debited anew.
  const auto least = bytes - std::min(bytes, lease.left(day));
  const auto debited = store_.lease(entry.identity.id, day, least, lease_size(allowance, least), allowance);
  if (!debited && debited.error() == Error::over_quota) return Decision::no(Error::over_quota, until_tomorrow(now.wall));
  if (!debited) return unwritable(debited.error());
  lease.add(day, *debited);
  entry.account->debited.add(day, *debited);
  // Another worker may have drawn on the lease since: then this one tries again in a second.
  return lease.take(day, bytes) ? Decision::ok() : Decision::no(Error::over_quota, std::chrono::seconds{1});
}

// write_level has the store know what was taken beyond the window, before it is served.
Decision Access::write_level(const Entry& entry, const Instant& now) noexcept {
  auto& account = *entry.account;
  const std::lock_guard lock(store_mutex_);
  if (account.bucket.covered(nanoseconds(now.steady))) return Decision::ok();  // another worker wrote it meanwhile
  const auto level = account.bucket.begin_write();
  const auto wall = level + wall_offset_ns_;
  if (const auto written = store_.write_bucket(entry.identity.id, wall); !written) return unwritable(written.error());
  account.bucket.end_write(level);
  account.stored.bucket_ns = wall;
  return Decision::ok();
}

std::optional<Allowance> Access::allowance(const Entry& entry, const Instant& now) noexcept {
  std::optional<Allowance> tightest;
  const auto& account = *entry.account;
  if (const auto& rate = entry.rate; !rate.unlimited()) {
    const auto now_ns = nanoseconds(now.steady);
    const auto arrival = std::clamp(account.bucket.arrival_ns(), now_ns, now_ns + rate.tolerance_ns());
    tightest = {"second", rate.burst(), rate.left(arrival, now_ns), up_to_seconds(rate.tolerance_ns()), up_to_seconds(arrival - now_ns)};
  }
  if (const auto limit = entry.quota.bytes_per_day; limit != 0) {
    const auto day = day_of(now.wall);
    const auto left = std::min(limit, limit - std::min(limit, account.debited.left(day)) + account.lease.left(day));
    if (!tightest || left < tightest->remaining_bytes)
      tightest = {"day", limit, left, std::chrono::days{1}, left == limit ? std::chrono::seconds{0} : until_tomorrow(now.wall)};
  }
  return tightest;
}

Outcome<void> Access::write_usage(const Clocks& now) { return write(now, false); }
Outcome<void> Access::settle(const Clocks& now) { return write(now, true); }

Outcome<void> Access::write(const Clocks& now, bool settled) {
  const std::lock_guard lock(store_mutex_);
  wall_offset_ns_ = offset(now);
  const auto table = snapshot();
  std::vector<Usage> usage;
  for (const auto& entry : table->entries())
    if (const auto one = usage_of(entry, now, settled)) usage.push_back(*one);
  if (usage.empty()) return {};
  if (settled) store_.set_busy_timeout(kLastBusyTimeout);
  auto written = store_.record_usage(usage);
  for (const auto& one : usage) conclude(*table->find(one.id)->account, one, written.has_value());
  return written;
}

std::optional<Usage> Access::usage_of(const Entry& entry, const Clocks& now, bool settled) const noexcept {
  auto& account = *entry.account;
  const auto bytes = account.unwritten_bytes.load(std::memory_order_relaxed);
  const auto seen = account.last_seen_seconds.exchange(0, std::memory_order_relaxed);
  const auto level = account.bucket.begin_write() + wall_offset_ns_;
  // A level in the past is a full bucket, however long ago. A level that moved without a take is a clock that was set.
  const auto now_ns = now.wall.time_since_epoch().count();
  const auto moved = std::max(level, now_ns) - std::max(account.stored.bucket_ns, now_ns);
  if (bytes == 0 && seen == 0 && !settled && std::abs(moved) <= kDriftNs) return std::nullopt;
  return Usage{entry.identity.id, bytes, WallTime(std::chrono::seconds(seen)), level, settled};
}

void Access::conclude(Account& account, const Usage& usage, bool written) const noexcept {
  if (!written) {
    std::int64_t unseen = 0;
    account.last_seen_seconds.compare_exchange_strong(unseen, usage.last_seen.time_since_epoch().count());
    return;
  }
  account.unwritten_bytes.fetch_sub(usage.bytes, std::memory_order_relaxed);
  account.bucket.end_write(usage.bucket_ns - wall_offset_ns_);
  account.stored.bucket_ns = usage.bucket_ns;
}

const Table& Reader::table() noexcept {
  const auto generation = access_.generation_.load(std::memory_order_acquire);
  if (generation != generation_ || table_ == nullptr) {
    table_ = access_.snapshot();
    generation_ = generation;
  }
  return *table_;
}

}  // namespace qeaas::access
