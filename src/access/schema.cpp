// SPDX-License-Identifier: GPL-3.0-or-later
// The schema and the way to it, version by version.
#include "access/schema.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/store.hpp"

namespace qeaas::access {
namespace {

// kMigrations[v] leads from version v to v + 1. A release never edits an entry that has shipped.
constexpr std::array<const char*, kSchemaVersion> kMigrations{R"sql(
CREATE TABLE identity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: sessions remember it
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('anonymous', 'psk', 'certificate', 'raw_public_key', 'token')),
  credential TEXT NOT NULL,              -- PSK identity, or the SHA-256 of SPKI or token in hexadecimal
  psk_key BLOB,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  bytes_per_second INTEGER CHECK (bytes_per_second >= 0),  -- the three are NULL together: the default quota
  burst_bytes INTEGER CHECK (burst_bytes >= 0),
  bytes_per_day INTEGER CHECK (bytes_per_day >= 0),
  last_seen INTEGER,                     -- seconds since 1970-01-01 UTC
  bytes_served INTEGER NOT NULL DEFAULT 0,
  lease_day INTEGER NOT NULL DEFAULT 0,  -- days since 1970-01-01 UTC
  leased_bytes INTEGER NOT NULL DEFAULT 0,
  UNIQUE (kind, credential),
  CHECK ((kind = 'psk') = (psk_key IS NOT NULL))
) STRICT;
INSERT INTO identity (id, name, kind, credential) VALUES (1, 'anonymous', 'anonymous', '');
PRAGMA application_id = 0x51454141;
PRAGMA user_version = 1;
)sql",
                                                              R"sql(
ALTER TABLE identity ADD COLUMN bucket_ns INTEGER NOT NULL DEFAULT 0;  -- theoretical arrival time, ns since 1970-01-01 UTC
ALTER TABLE identity ADD COLUMN bucket_settled INTEGER NOT NULL DEFAULT 1 CHECK (bucket_settled IN (0, 1));
PRAGMA user_version = 2;
)sql"};

tl::unexpected<Fault> file_fault(const std::string& path) {
  const int number = errno;
  return fault(from_errno(number), "cannot use " + path + ": " + std::strerror(number));  // NOLINT(concurrency-mt-unsafe): set-up
}

// SQLite gives its -wal and -shm files the mode of the database, so only this one needs care.
Outcome<void> make_private(const std::string& path) {
  const FileDescriptor made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (made) return {};
  if (errno != EEXIST) return file_fault(path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return file_fault(path);
  if (!S_ISREG(status.st_mode)) return fault(Error::refused, path + " is not a regular file; move it away");
  if ((status.st_mode & 077) != 0) return fault(Error::refused, path + " holds keys and is open to others; run: chmod 600 " + path);
  return {};
}

Outcome<std::int64_t> scalar(sqlite3* connection, const std::string& path, const char* sql) {
  auto statement = Statement::prepare(connection, path, sql);
  if (!statement) return tl::unexpected(statement.error());
  auto run = statement->run();
  const auto row = run.step();
  if (!row) return sqlite_fault(connection, path);
  return *row ? run.integer(0) : 0;
}

Outcome<void> check_version(std::int64_t version, const std::string& path) {
  if (version >= 0 && version <= kSchemaVersion) return {};
  return fault(Error::unsupported, path + " has schema version " + std::to_string(version) + "; this build knows versions up to " +
                                       std::to_string(kSchemaVersion) + ". Install the newer qeaas again, or move the file away");
}

Outcome<void> check_owner(sqlite3* connection, const std::string& path) {
  const auto version = scalar(connection, path, "PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  const auto application = scalar(connection, path, "PRAGMA application_id");
  if (!application) return tl::unexpected(application.error());
  const auto objects = scalar(connection, path, "SELECT count(*) FROM sqlite_schema");
  if (!objects) return tl::unexpected(objects.error());
  const bool fresh = *version == 0 && *objects == 0;
  if (fresh) return {};
  if (*application == kApplicationId) return check_version(*version, path);
  return fault(Error::malformed, path + " is a database of some other program. Nothing in it was changed; move it away");
}

Outcome<void> check_pages(sqlite3* connection, const std::string& path) {
  auto statement = Statement::prepare(connection, path, "PRAGMA quick_check(1)");
  if (!statement) return tl::unexpected(statement.error());
  auto run = statement->run();
  const auto row = run.step();
  if (!row) return sqlite_fault(connection, path);
  const auto verdict = run.text(0);
  if (verdict == "ok") return {};
  return damaged(path, verdict);
}

// Full synchronous: a daily lease must be on the disk before its bytes are served, even if the power fails. Secure delete: a
// removed or rotated key is overwritten.
constexpr const char* kPragmas =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF";

}  // namespace

Outcome<void> migrate(sqlite3* connection, const std::string& path) {
  Transaction transaction(connection);
  if (!transaction.begun()) return sqlite_fault(connection, path);
  const auto version = scalar(connection, path, "PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  // Another process may have migrated since the file was opened.
  if (auto known = check_version(*version, path); !known) return known;
  for (auto from = static_cast<std::size_t>(*version); from < kMigrations.size(); ++from) {
    if (auto done = execute(connection, path, kMigrations[from]); !done) return done;
  }
  if (!transaction.commit()) return sqlite_fault(connection, path);
  return {};
}

Outcome<Connection> open_database(const std::filesystem::path& path, std::chrono::milliseconds busy_timeout) {
  const auto text = path.string();
  if (auto made = make_private(text); !made) return tl::unexpected(made.error());
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(text.c_str(), &raw, flags, nullptr);
  Connection connection(raw);
  if (code != SQLITE_OK) return sqlite_fault(raw, text);
  sqlite3_busy_timeout(raw, static_cast<int>(busy_timeout.count()));
  if (auto ours = check_owner(raw, text); !ours) return tl::unexpected(ours.error());
  if (auto whole = check_pages(raw, text); !whole) return tl::unexpected(whole.error());
  if (auto set = execute(raw, text, kPragmas); !set) return tl::unexpected(set.error());
  if (auto current = migrate(raw, text); !current) return tl::unexpected(current.error());
  return connection;
}

}  // namespace qeaas::access
