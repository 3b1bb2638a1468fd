// SPDX-License-Identifier: GPL-3.0-or-later
// The identities on disk: SQLite, file access.db (mode 0600) in the state folder. The command line edits it while the server
// runs; the server sees that through data_version. A Store is one connection, for one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "access/identity.hpp"
#include "access/quota.hpp"

namespace qeaas::access {

inline constexpr int kSchemaVersion = 2;
inline constexpr const char* kStoreFile = "access.db";

// Record is an identity with what the handshake needs; key is empty except for a PSK.
struct Record {
  Identity identity;
  SecretBytes key;
  Balance balance;
};

// Usage is what one identity drew since the last write, and the level of its bucket now.
struct Usage {
  std::int64_t id;
  std::int64_t bytes;      // negative when more was given back than drawn
  WallTime last_seen;      // the epoch when not seen
  std::int64_t bucket_ns;  // Balance's
  bool bucket_settled = false;
};

class Store {
 public:
  struct Options {
    std::chrono::milliseconds busy_timeout{1000};  // how long to wait for another process's write
  };
  // open makes or migrates the file. Faults: a newer schema (unsupported), damage or a foreign file (malformed; never
  // overwritten), a file open to others (refused), one that another process holds (in_use).
  static Outcome<Store> open(const std::filesystem::path& folder);
  static Outcome<Store> open(const std::filesystem::path& folder, Options options);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // set_busy_timeout is Options' from now on.
  void set_busy_timeout(std::chrono::milliseconds timeout) noexcept;

  // add gives the new row's id. in_use when the name or the credential is taken.
  Outcome<std::int64_t> add(std::string_view name, const Credential& credential, std::optional<Quota> quota = {});
  Outcome<std::vector<Identity>> list();
  Outcome<Identity> find(std::string_view name);
  Outcome<void> set_enabled(std::string_view name, bool enabled);
  Outcome<void> set_quota(std::string_view name, std::optional<Quota> quota);
  // rotate replaces the credential by another of the same kind; a PSK may keep its identity text. The row gets a new id, so that
  // sessions and tickets that the old credential opened end with it; name, quota and accounts stay.
  Outcome<void> rotate(std::string_view name, const Credential& credential);
  // remove forgets the identity; "anonymous" can only be disabled.
  Outcome<void> remove(std::string_view name);

  // load reads everything for the table. claim does too, and marks every bucket as no longer settled, because the caller is going
  // to spend from them.
  Outcome<std::vector<Record>> load();
  Outcome<std::vector<Record>> claim();
  // data_version changes when another connection has committed something (SQLite's PRAGMA data_version).
  Outcome<std::int64_t> data_version();

  // lease debits up to wanted bytes of the day's allowance durably and gives what it debited; over_quota when less than
  // least is left (then nothing is debited), not_found for a removed identity.
  Result<std::uint64_t> lease(std::int64_t id, Day day, std::uint64_t least, std::uint64_t wanted, std::uint64_t allowance);
  // write_bucket stores a bucket's level durably; not_found for a removed identity.
  Status write_bucket(std::int64_t id, std::int64_t bucket_ns);
  // record_usage adds to the accounts in one transaction; removed identities are skipped.
  Outcome<void> record_usage(std::span<const Usage> usage);

 private:
  struct Implementation;  // keeps SQLite's header out of the floors above
  explicit Store(std::unique_ptr<Implementation> implementation) noexcept;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace qeaas::access
