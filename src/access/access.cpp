// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots swapped, quotas debited, accounts written.
#include "access/access.hpp"

#include <algorithm>
#include <vector>

namespace qeaas::access {

Access::Access(Store store, const Quota& default_quota) : store_(std::move(store)), default_quota_(default_quota) {}

Outcome<std::unique_ptr<Access>> Access::open(const std::filesystem::path& folder, const Quota& default_quota) {
  if (auto ok = valid_quota(default_quota); !ok) return tl::unexpected(ok.error());
  auto store = Store::open(folder);
  if (!store) return tl::unexpected(store.error());
  std::unique_ptr<Access> access(new Access(std::move(*store), default_quota));
  const std::lock_guard lock(access->store_mutex_);
  if (auto loaded = access->load(default_quota); !loaded) return tl::unexpected(loaded.error());
  return access;
}

Outcome<void> Access::load(const Quota& default_quota) {
  // The version first: a change between the two readings then causes one reload too many, never one too few.
  const auto version = store_.data_version();
  if (!version) return tl::unexpected(version.error());
  auto records = store_.load();
  if (!records) return tl::unexpected(records.error());
  const auto before = snapshot();
  auto table = std::make_shared<const Table>(std::move(*records), default_quota, before.get());
  if (table->find(kAnonymousId) == nullptr)
    return fault(Error::malformed, std::string(kStoreFile) + " lacks the entry 'anonymous'; restore a backup");
  {
    const std::lock_guard lock(table_mutex_);
    table_ = std::move(table);
    generation_.fetch_add(1, std::memory_order_release);
  }
  default_quota_ = default_quota;
  seen_version_ = *version;
  return {};
}

Outcome<bool> Access::reload_if_changed() {
  const std::lock_guard lock(store_mutex_);
  const auto version = store_.data_version();
  if (!version) return tl::unexpected(version.error());
  if (*version == seen_version_) return false;
  return load(default_quota_).map([] { return true; });
}

Outcome<void> Access::set_default_quota(const Quota& quota) {
  if (auto ok = valid_quota(quota); !ok) return ok;
  const std::lock_guard lock(store_mutex_);
  return load(quota);
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
  if (entry.quota.bytes_per_day != 0) {
    if (auto debited = debit_day(entry, bytes, now); !debited) return debited;
  }
  account.unwritten_bytes.fetch_add(bytes, std::memory_order_relaxed);
  account.last_seen_seconds.store(now.wall.time_since_epoch().count(), std::memory_order_relaxed);
  return Decision::ok();
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
  if (!debited) return Decision::no(debited.error() == Error::not_found ? Error::forbidden : Error::io);
  lease.add(day, *debited);
  // Another worker may have drawn on the lease since: then this one tries again in a second.
  return lease.take(day, bytes) ? Decision::ok() : Decision::no(Error::over_quota, std::chrono::seconds{1});
}

Outcome<void> Access::write_usage() {
  const auto table = snapshot();
  std::vector<Usage> usage;
  for (const auto& entry : table->entries()) {
    const auto bytes = entry.account->unwritten_bytes.load(std::memory_order_relaxed);
    const auto seen = entry.account->last_seen_seconds.exchange(0, std::memory_order_relaxed);
    if (bytes != 0 || seen != 0) usage.push_back({entry.identity.id, bytes, WallTime(std::chrono::seconds(seen))});
  }
  if (usage.empty()) return {};
  const std::lock_guard lock(store_mutex_);
  auto written = store_.record_usage(usage);
  for (const auto& one : usage) {
    auto& account = *table->find(one.id)->account;
    if (written) account.unwritten_bytes.fetch_sub(one.bytes, std::memory_order_relaxed);
    std::int64_t unseen = 0;
    if (!written) account.last_seen_seconds.compare_exchange_strong(unseen, one.last_seen.time_since_epoch().count());
  }
  return written;
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
