// SPDX-License-Identifier: GPL-3.0-or-later
// The statements of the store.
#include "access/store.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "access/schema.hpp"

namespace qeaas::access {
namespace {

constexpr const char* kColumns =
    "SELECT id, name, kind, credential, enabled, bytes_per_second, burst_bytes, bytes_per_day, last_seen, bytes_served, psk_key, "
    "bucket_ns, bucket_settled, lease_day, leased_bytes FROM identity ";

std::optional<std::int64_t> column(const std::optional<Quota>& quota, std::uint64_t Quota::*member) {
  if (!quota) return std::nullopt;
  return static_cast<std::int64_t>((*quota).*member);  // valid_quota keeps it far below 2^63
}

std::uint64_t whole(std::int64_t value) noexcept { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }

tl::unexpected<Fault> bad_row(const std::string& path, const std::string& who, const std::string& why) {
  return fault(Error::malformed, path + ": the entry '" + who + "' is not valid (" + why + "); remove it and add it again");
}

// The file may have been edited by hand: a row is checked like a new entry.
Outcome<void> check_record(const std::string& path, const Record& record) {
  const auto& identity = record.identity;
  const auto check = [&](const auto& outcome) -> Outcome<void> {
    if (!outcome) return bad_row(path, identity.name, outcome.error().text);
    return {};
  };
  if (auto ok = check(valid_name(identity.name)); !ok) return ok;
  if (auto ok = check(valid_quota(identity.quota.value_or(Quota{}))); !ok) return ok;
  if (identity.kind == CredentialKind::anonymous) return {};
  if (identity.kind == CredentialKind::psk) return check(Credential::psk(identity.credential, record.key.span()));
  return check(Credential::by_digest(identity.kind, identity.credential));
}

Outcome<Record> read_record(const Statement::Run& run, const std::string& path) {
  Record record;
  auto& identity = record.identity;
  identity.id = run.integer(0);
  identity.name = run.text(1);
  const auto kind = credential_kind(run.text(2));
  if (!kind) return bad_row(path, identity.name, "unknown kind");
  identity.kind = *kind;
  identity.credential = run.text(3);
  identity.enabled = run.integer(4) != 0;
  if (!run.is_null(5)) identity.quota = Quota{whole(run.integer(5)), whole(run.integer(6)), whole(run.integer(7))};
  if (run.integer(8) > 0) identity.last_seen = WallTime(std::chrono::seconds(run.integer(8)));
  identity.bytes_served = whole(run.integer(9));
  record.key = SecretBytes(run.blob(10));
  record.balance = {run.integer(11), run.integer(12) != 0, static_cast<Day>(run.integer(13)), whole(run.integer(14))};
  if (auto valid = check_record(path, record); !valid) return tl::unexpected(valid.error());
  return record;
}

tl::unexpected<Fault> no_such(std::string_view name) {
  return fault(Error::not_found, "no identity is named '" + std::string(name) + "'; 'qeaas clients list' shows them");
}

// debited_today is what counts against the day's allowance. A stored day that is tomorrow is a clock that was set back over
// midnight: it still counts, or setting the clock would refill. One further ahead was a wrong clock, and is dropped.
std::uint64_t debited_today(Day stored_day, std::uint64_t stored_bytes, Day today) noexcept {
  return stored_day == today || stored_day == today + 1 ? stored_bytes : 0;
}

}  // namespace

struct Store::Implementation {
  std::string path;
  Connection connection;
  // Each statement is finalised before the connection closes: members are destroyed from the last to the first.
  Statement add, all, by_name, set_enabled, set_quota, rotate, remove, data_version, lease_read, lease_write, usage, claim, bucket, next_id;

  static Outcome<std::unique_ptr<Implementation>> make(std::string path, Connection connection);
  Outcome<Record> find(std::string_view name);
  Outcome<std::vector<Record>> load();
  // change runs a statement that must touch exactly one row.
  Outcome<void> change(Statement::Run& run, std::string_view name);
  tl::unexpected<Fault> failed() const { return sqlite_fault(connection.get(), path); }
  // forget_old_pages empties the write-ahead log, where a key that was removed may still stand. A reader may delay that.
  void forget_old_pages() noexcept { sqlite3_wal_checkpoint_v2(connection.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr); }
};

Outcome<std::unique_ptr<Store::Implementation>> Store::Implementation::make(std::string path, Connection connection) {
  const std::string columns = kColumns;
  const std::array<std::string, 14> sql{
      "INSERT INTO identity (name, kind, credential, psk_key, bytes_per_second, burst_bytes, bytes_per_day) VALUES (?, ?, ?, ?, ?, ?, ?)",
      columns + "ORDER BY id",
      columns + "WHERE name = ?",
      "UPDATE identity SET enabled = ? WHERE name = ?",
      "UPDATE identity SET bytes_per_second = ?, burst_bytes = ?, bytes_per_day = ? WHERE name = ?",
      "UPDATE identity SET credential = ?, psk_key = ?, id = (SELECT seq FROM sqlite_sequence WHERE name = 'identity') WHERE name = ?",
      "DELETE FROM identity WHERE name = ?",
      "PRAGMA data_version",
      "SELECT lease_day, leased_bytes FROM identity WHERE id = ?",
      "UPDATE identity SET lease_day = ?, leased_bytes = ? WHERE id = ?",
      "UPDATE identity SET bytes_served = max(bytes_served + ?, 0), last_seen = nullif(max(ifnull(last_seen, 0), ?), 0), bucket_ns = ?, "
      "bucket_settled = ? WHERE id = ?",
      "UPDATE identity SET bucket_settled = 0 WHERE bucket_settled <> 0",
      "UPDATE identity SET bucket_ns = ?, bucket_settled = 0 WHERE id = ?",
      "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'identity'"};
  std::vector<Statement> made;
  for (const auto& text : sql) {
    auto statement = Statement::prepare(connection.get(), path, text.c_str());
    if (!statement) return tl::unexpected(statement.error());
    made.push_back(std::move(*statement));
  }
  // NOLINTNEXTLINE(modernize-make-unique): an aggregate
  return std::unique_ptr<Implementation>(new Implementation{
      std::move(path), std::move(connection), std::move(made[0]), std::move(made[1]), std::move(made[2]), std::move(made[3]),
      std::move(made[4]), std::move(made[5]), std::move(made[6]), std::move(made[7]), std::move(made[8]), std::move(made[9]),
      std::move(made[10]), std::move(made[11]), std::move(made[12]), std::move(made[13])});
}

Outcome<Record> Store::Implementation::find(std::string_view name) {
  auto run = by_name.run();
  const auto row = run.bind(name).step();
  if (!row) return failed();
  if (!*row) return no_such(name);
  return read_record(run, path);
}

Outcome<std::vector<Record>> Store::Implementation::load() {
  std::vector<Record> records;
  auto run = all.run();
  while (true) {
    const auto row = run.step();
    if (!row) return failed();
    if (!*row) return records;
    auto record = read_record(run, path);
    if (!record) return tl::unexpected(record.error());
    records.push_back(std::move(*record));
  }
}

Outcome<void> Store::Implementation::change(Statement::Run& run, std::string_view name) {
  if (!run.finish()) return failed();
  if (sqlite3_changes(connection.get()) == 0) return no_such(name);
  return {};
}

Store::Store(std::unique_ptr<Implementation> implementation) noexcept : implementation_(std::move(implementation)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Outcome<Store> Store::open(const std::filesystem::path& folder) { return open(folder, Options()); }

Outcome<Store> Store::open(const std::filesystem::path& folder, Options options) {
  const auto path = folder / kStoreFile;
  auto connection = open_database(path, options.busy_timeout);
  if (!connection) return tl::unexpected(connection.error());
  return Implementation::make(path.string(), std::move(*connection)).map([](auto made) { return Store(std::move(made)); });
}

void Store::set_busy_timeout(std::chrono::milliseconds timeout) noexcept {
  sqlite3_busy_timeout(implementation_->connection.get(), static_cast<int>(timeout.count()));
}

Outcome<std::int64_t> Store::add(std::string_view name, const Credential& credential, std::optional<Quota> quota) {
  if (auto ok = valid_name(name); !ok) return tl::unexpected(ok.error());
  if (auto ok = valid_quota(quota.value_or(Quota{})); !ok) return tl::unexpected(ok.error());
  auto& it = *implementation_;
  auto run = it.add.run();
  run.bind(name).bind(access::name(credential.kind())).bind(std::string_view(credential.text())).bind_blob(credential.key());
  run.bind(column(quota, &Quota::bytes_per_second)).bind(column(quota, &Quota::burst_bytes)).bind(column(quota, &Quota::bytes_per_day));
  if (run.finish()) return sqlite3_last_insert_rowid(it.connection.get());
  if ((sqlite3_extended_errcode(it.connection.get()) & 0xff) == SQLITE_CONSTRAINT)
    return fault(Error::in_use, "the name '" + std::string(name) + "' or this credential is taken");
  return it.failed();
}

Outcome<std::vector<Identity>> Store::list() {
  return implementation_->load().map([](std::vector<Record> records) {
    std::vector<Identity> identities;
    identities.reserve(records.size());
    for (auto& record : records) identities.push_back(std::move(record.identity));
    return identities;
  });
}

Outcome<Identity> Store::find(std::string_view name) {
  return implementation_->find(name).map([](Record record) { return std::move(record.identity); });
}

Outcome<void> Store::set_enabled(std::string_view name, bool enabled) {
  auto run = implementation_->set_enabled.run();
  run.bind(std::int64_t{enabled}).bind(name);
  return implementation_->change(run, name);
}

Outcome<void> Store::set_quota(std::string_view name, std::optional<Quota> quota) {
  if (auto ok = valid_quota(quota.value_or(Quota{})); !ok) return ok;
  auto run = implementation_->set_quota.run();
  run.bind(column(quota, &Quota::bytes_per_second)).bind(column(quota, &Quota::burst_bytes)).bind(column(quota, &Quota::bytes_per_day));
  run.bind(name);
  return implementation_->change(run, name);
}

Outcome<void> Store::rotate(std::string_view name, const Credential& credential) {
  auto& it = *implementation_;
  const auto record = it.find(name);
  if (!record) return tl::unexpected(record.error());
  if (record->identity.kind != credential.kind())
    return fault(Error::refused, "'" + std::string(name) + "' has a " + std::string(access::name(record->identity.kind)) +
                                     "; it cannot become a " + std::string(access::name(credential.kind())) +
                                     ": remove it and add it again");
  {
    Transaction transaction(it.connection.get());
    if (!transaction.begun() || !it.next_id.run().finish()) return it.failed();
    auto run = it.rotate.run();
    run.bind(std::string_view(credential.text())).bind_blob(credential.key()).bind(name);
    if (!run.finish()) {
      if ((sqlite3_extended_errcode(it.connection.get()) & 0xff) != SQLITE_CONSTRAINT) return it.failed();
      return fault(Error::in_use, "this credential belongs to another identity already");
    }
    if (!transaction.commit()) return it.failed();
  }
  it.forget_old_pages();
  return {};
}

Outcome<void> Store::remove(std::string_view name) {
  if (name == kAnonymousName)
    return fault(Error::refused, "'anonymous' stands for everybody who proves nothing and cannot be removed; disable it instead");
  auto& it = *implementation_;
  {
    auto run = it.remove.run();
    run.bind(name);
    if (auto done = it.change(run, name); !done) return done;
  }
  it.forget_old_pages();
  return {};
}

Outcome<std::vector<Record>> Store::load() { return implementation_->load(); }

Outcome<std::vector<Record>> Store::claim() {
  auto& it = *implementation_;
  // One transaction: what is added in between must not be marked without having been read.
  Transaction transaction(it.connection.get());
  if (!transaction.begun()) return it.failed();
  auto records = it.load();
  if (!records) return records;
  if (!it.claim.run().finish()) return it.failed();
  if (!transaction.commit()) return it.failed();
  return records;
}

Outcome<std::int64_t> Store::data_version() {
  auto run = implementation_->data_version.run();
  const auto row = run.step();
  if (!row) return implementation_->failed();
  return run.integer(0);
}

Result<std::uint64_t> Store::lease(std::int64_t id, Day day, std::uint64_t least, std::uint64_t wanted, std::uint64_t allowance) {
  auto& it = *implementation_;
  Transaction transaction(it.connection.get());
  if (!transaction.begun()) return fail(transaction.begun().error());
  std::uint64_t debited = 0;
  {
    auto run = it.lease_read.run();
    const auto row = run.bind(id).step();
    if (!row) return fail(row.error());
    if (!*row) return fail(Error::not_found);
    debited = debited_today(static_cast<Day>(run.integer(0)), whole(run.integer(1)), day);
    // Keep counting on the stored day when the clock was set back over midnight.
    if (debited != 0) day = static_cast<Day>(run.integer(0));
  }
  const auto left = allowance > debited ? allowance - debited : 0;
  if (left < least) return fail(Error::over_quota);
  const auto granted = std::min(std::max(wanted, least), left);
  auto run = it.lease_write.run();
  run.bind(std::int64_t{day}).bind(static_cast<std::int64_t>(debited + granted)).bind(id);
  if (auto written = run.finish(); !written) return fail(written.error());
  if (auto done = transaction.commit(); !done) return fail(done.error());
  return granted;
}

Status Store::write_bucket(std::int64_t id, std::int64_t bucket_ns) {
  auto& it = *implementation_;
  auto run = it.bucket.run();
  if (auto written = run.bind(bucket_ns).bind(id).finish(); !written) return written;
  if (sqlite3_changes(it.connection.get()) == 0) return fail(Error::not_found);
  return {};
}

Outcome<void> Store::record_usage(std::span<const Usage> usage) {
  auto& it = *implementation_;
  Transaction transaction(it.connection.get());
  if (!transaction.begun()) return it.failed();
  for (const auto& one : usage) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max() / 2;
    auto run = it.usage.run();
    run.bind(std::clamp(one.bytes, -kMost, kMost)).bind(one.last_seen.time_since_epoch().count());
    run.bind(one.bucket_ns).bind(std::int64_t{one.bucket_settled}).bind(one.id);
    if (!run.finish()) return it.failed();
  }
  if (!transaction.commit()) return it.failed();
  return {};
}

}  // namespace qeaas::access
