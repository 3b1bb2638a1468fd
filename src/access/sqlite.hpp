// SPDX-License-Identifier: GPL-3.0-or-later
// Inside access/ only: a thin RAII shell over SQLite's C interface: connection, prepared statement, transaction, and what its
// error codes mean to a person.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/handle.hpp"
#include "base/secret.hpp"

namespace qeaas::access {

using Connection = Handle<sqlite3, &sqlite3_close>;

Error sqlite_error(int code) noexcept;
// sqlite_fault says what failed on which file; damage comes with what to do about it.
tl::unexpected<Fault> sqlite_fault(sqlite3* connection, const std::string& path);
// damaged is the fault for a file that SQLite cannot read: what to do, and that nothing was overwritten.
tl::unexpected<Fault> damaged(const std::string& path, const std::string& words);
Outcome<void> execute(sqlite3* connection, const std::string& path, const char* sql);

// Statement is one prepared statement. Text and blobs are bound without a copy: they must live until the Run ends.
class Statement {
 public:
  static Outcome<Statement> prepare(sqlite3* connection, const std::string& path, const char* sql);

  // Run is one execution; its end resets the statement and forgets what was bound.
  class Run {
   public:
    explicit Run(Statement& statement) noexcept : statement_(statement.handle_.get()) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();
    Run& bind(std::int64_t value) noexcept;
    Run& bind(std::optional<std::int64_t> value) noexcept;
    Run& bind(std::string_view text) noexcept;
    Run& bind_blob(Bytes bytes) noexcept;  // empty: NULL
    // step is true when there is a row. The first error of a bind is reported here.
    Result<bool> step() noexcept;
    // finish steps a statement that gives no rows.
    Status finish() noexcept;

    bool is_null(int column) const noexcept;
    std::int64_t integer(int column) const noexcept;
    std::string text(int column) const;
    Bytes blob(int column) const noexcept;

   private:
    Run& note(int code) noexcept;
    sqlite3_stmt* statement_;
    int next_ = 1;
    int code_ = SQLITE_OK;
  };
  Run run() noexcept { return Run(*this); }

 private:
  using StatementHandle = Handle<sqlite3_stmt, &sqlite3_finalize>;
  explicit Statement(StatementHandle handle) noexcept : handle_(std::move(handle)) {}
  StatementHandle handle_;
};

// Transaction rolls back unless it was committed. It takes the write lock at once, so that what it reads cannot change.
class Transaction {
 public:
  explicit Transaction(sqlite3* connection) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  Status begun() const noexcept { return code_ == SQLITE_OK ? Status() : Status(fail(sqlite_error(code_))); }
  Status commit() noexcept;

 private:
  sqlite3* connection_;
  int code_;
  bool open_;
};

}  // namespace qeaas::access
