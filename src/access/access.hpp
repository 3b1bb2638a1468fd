// SPDX-License-Identifier: GPL-3.0-or-later
// The one access table of every front end: store, current snapshot, quotas. Workers each own a Reader and ask it; a timer calls
// reload_if_changed and write_usage. Sessions keep an identity's id, never a pointer, and look it up again for every request, so
// that disabling somebody takes effect at once.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "access/store.hpp"
#include "access/table.hpp"

namespace qeaas::access {

// Allowance is what a client may be told about its tightest limit.
struct Allowance {
  std::string_view policy;  // "second" (a rate with a burst) or "day"
  std::uint64_t limit_bytes;
  std::uint64_t remaining_bytes;
  std::chrono::seconds window;  // in which an empty allowance becomes limit_bytes
  std::chrono::seconds reset;   // until remaining_bytes is limit_bytes again, if nothing is taken
};

// Charge is what give_back must know of one take. It holds that by value: the snapshot of the entry may be swapped, and freed, before
// the draw that was paid for has failed.
struct Charge {
  Charge(const Entry& entry, const Instant& when)
      : account(entry.account), rate(entry.rate), daily(entry.quota.bytes_per_day != 0), taken(when) {}
  std::shared_ptr<Account> account;
  Rate rate;
  bool daily;
  Instant taken;
};

class Access {
 public:
  static Outcome<std::unique_ptr<Access>> open(const std::filesystem::path& folder, const Quota& default_quota,
                                               const Clocks& now = Clocks::now());

  // take debits bytes of an identity before they are served. Refusals: forbidden (disabled), over_quota with a retry time,
  // too_large (above the burst or the daily allowance), io with a retry time (the debit could not be written: fail closed). Any
  // thread; waits 20 ms at most for another process that writes.
  Decision take(const Entry& entry, std::uint64_t bytes, const Instant& now) noexcept;
  // give_back undoes one take of which nothing was served: the same amount, and only once. Reloads since then do not matter.
  static void give_back(const Charge& charge, std::uint64_t bytes) noexcept;
  // allowance is of the limit with the least left; none when the identity is unlimited. Advice: only take decides.
  static std::optional<Allowance> allowance(const Entry& entry, const Instant& now) noexcept;

  // reload_if_changed swaps the snapshot when another process changed the database; true when it did. On a fault the old
  // snapshot stays.
  Outcome<bool> reload_if_changed(const Clocks& now = Clocks::now());
  // set_default_quota is for a configuration reload; it swaps the snapshot.
  Outcome<void> set_default_quota(const Quota& quota, const Clocks& now = Clocks::now());
  // write_usage moves the counts of served bytes and the levels of the buckets into the database; once a second. What a failed
  // write did not move is kept.
  Outcome<void> write_usage(const Clocks& now = Clocks::now());
  // settle is the last write_usage of a clean stop: the levels are then exact, and nothing is lost. No take may follow.
  Outcome<void> settle(const Clocks& now = Clocks::now());

  std::shared_ptr<const Table> snapshot() const;

 private:
  friend class Reader;
  Access(Store store, const Quota& default_quota);
  Decision debit_day(const Entry& entry, std::uint64_t bytes, const Instant& now) noexcept;
  Decision write_level(const Entry& entry, const Instant& now) noexcept;
  Outcome<void> write(const Clocks& now, bool settled);
  // These need store_mutex_ held.
  Outcome<void> load(const Quota& default_quota, const Clocks& now);
  void begin_account(Account& account, std::int64_t now_ns) const noexcept;
  std::optional<Usage> usage_of(const Entry& entry, const Clocks& now, bool settled) const noexcept;
  void conclude(Account& account, const Usage& usage, bool written) const noexcept;

  std::mutex store_mutex_;  // guards store_, default_quota_, seen_version_, wall_offset_ns_; taken before table_mutex_
  Store store_;
  Quota default_quota_;
  std::int64_t seen_version_ = -1;
  std::int64_t wall_offset_ns_ = 0;  // from steady nanoseconds to those since 1970
  mutable std::mutex table_mutex_;   // guards table_ for the length of a pointer copy
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
