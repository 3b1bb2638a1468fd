// SPDX-License-Identifier: GPL-3.0-or-later
// The one access table of every front end: store, current snapshot, quotas. Workers each own a Reader and ask it; a timer calls
// reload_if_changed and write_usage. Sessions keep an identity's id, never a pointer, and look it up again for every request, so
// that disabling somebody takes effect at once.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "access/store.hpp"
#include "access/table.hpp"

namespace qeaas::access {

class Access {
 public:
  static Outcome<std::unique_ptr<Access>> open(const std::filesystem::path& folder, const Quota& default_quota);

  // take debits bytes of an identity before they are served. Refusals: forbidden (disabled), over_quota with a retry time,
  // too_large (above the burst or the daily allowance), io (the lease could not be written: fail closed). Any thread.
  Decision take(const Entry& entry, std::uint64_t bytes, const Instant& now) noexcept;

  // reload_if_changed swaps the snapshot when another process changed the database; true when it did. On a fault the old
  // snapshot stays.
  Outcome<bool> reload_if_changed();
  // set_default_quota is for a configuration reload; it swaps the snapshot.
  Outcome<void> set_default_quota(const Quota& quota);
  // write_usage moves the counts of served bytes into the database. What a failed write did not move is kept.
  Outcome<void> write_usage();

  std::shared_ptr<const Table> snapshot() const;

 private:
  friend class Reader;
  Access(Store store, const Quota& default_quota);
  Outcome<void> load(const Quota& default_quota);  // with store_mutex_ held
  Decision debit_day(const Entry& entry, std::uint64_t bytes, const Instant& now) noexcept;

  std::mutex store_mutex_;  // guards store_, default_quota_, seen_version_; taken before table_mutex_
  Store store_;
  Quota default_quota_;
  std::int64_t seen_version_ = -1;
  mutable std::mutex table_mutex_;  // guards table_ for the length of a pointer copy
  std::shared_ptr<const Table> table_;
  std::atomic<std::uint64_t> generation_{0};
};

// Reader is one worker's view: a look-up costs one atomic load, and a pointer copy when the snapshot was swapped.
class Reader {
 public:
  explicit Reader(Access& access) : access_(access) {}
  // table stays valid until the next call of table on this reader.
  const Table& table() noexcept;

 private:
  Access& access_;
  std::uint64_t generation_ = 0;
  std::shared_ptr<const Table> table_;
};

}  // namespace qeaas::access
