// SPDX-License-Identifier: GPL-3.0-or-later
// The shell over SQLite.
#include "access/sqlite.hpp"

#include <algorithm>

namespace qeaas::access {

Error sqlite_error(int code) noexcept {
  switch (code & 0xff) {  // the low byte of an extended code is the primary one
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH: return Error::malformed;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CONSTRAINT: return Error::in_use;
    case SQLITE_FULL:
    case SQLITE_NOMEM: return Error::no_space;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH: return Error::denied;
    case SQLITE_TOOBIG: return Error::too_large;
    default: return Error::io;
  }
}

tl::unexpected<Fault> damaged(const std::string& path, const std::string& words) {
  return fault(Error::malformed, path + " is damaged (" + words +
                                     "). Nothing in it was changed. Stop qeaasd, move the file away, and put a backup in"
                                     " its place or try: sqlite3 MOVED-FILE .recover | sqlite3 " +
                                     path);
}

tl::unexpected<Fault> sqlite_fault(sqlite3* connection, const std::string& path) {
  const auto error = sqlite_error(sqlite3_extended_errcode(connection));
  const std::string words = sqlite3_errmsg(connection);
  if (error == Error::malformed) return damaged(path, words);
  if (error == Error::in_use) return fault(error, path + " is held by another process (" + words + "); try again when it has finished");
  if (error == Error::denied) return fault(error, path + " cannot be used (" + words + "); check the owner and mode of it and its folder");
  return fault(error, path + ": " + words);
}

Outcome<void> execute(sqlite3* connection, const std::string& path, const char* sql) {
  if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_fault(connection, path);
  return {};
}

Outcome<Statement> Statement::prepare(sqlite3* connection, const std::string& path, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) return sqlite_fault(connection, path);
  return Statement(StatementHandle(raw));
}

Statement::Run::~Run() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement::Run& Statement::Run::note(int code) noexcept {
  if (code_ == SQLITE_OK) code_ = code;
  ++next_;
  return *this;
}

Statement::Run& Statement::Run::bind(std::int64_t value) noexcept { return note(sqlite3_bind_int64(statement_, next_, value)); }

Statement::Run& Statement::Run::bind(std::optional<std::int64_t> value) noexcept {
  return value ? bind(*value) : note(sqlite3_bind_null(statement_, next_));
}

Statement::Run& Statement::Run::bind(std::string_view text) noexcept {
  // A null pointer would bind NULL; an empty text must stay a text.
  const char* data = text.empty() ? "" : text.data();
  return note(sqlite3_bind_text64(statement_, next_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

Statement::Run& Statement::Run::bind_blob(Bytes bytes) noexcept {
  if (bytes.empty()) return note(sqlite3_bind_null(statement_, next_));
  return note(sqlite3_bind_blob64(statement_, next_, bytes.data(), bytes.size(), SQLITE_STATIC));
}

Result<bool> Statement::Run::step() noexcept {
  if (code_ != SQLITE_OK) return fail(sqlite_error(code_));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(sqlite_error(code));
}

Status Statement::Run::finish() noexcept {
  const auto row = step();
  if (!row) return fail(row.error());
  return {};
}

bool Statement::Run::is_null(int column) const noexcept { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Statement::Run::integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }

Bytes Statement::Run::blob(int column) const noexcept {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {data, data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string Statement::Run::text(int column) const {
  const auto bytes = blob(column);  // the bytes of a text, too
  return {bytes.begin(), bytes.end()};
}

Transaction::Transaction(sqlite3* connection) noexcept
    : connection_(connection), code_(sqlite3_exec(connection, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr)), open_(code_ == SQLITE_OK) {}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::commit() noexcept {
  const int code = sqlite3_exec(connection_, "COMMIT", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(sqlite_error(code));
  open_ = false;
  return {};
}

}  // namespace qeaas::access
