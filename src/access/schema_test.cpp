// SPDX-License-Identifier: GPL-3.0-or-later
// Files that must not be touched: newer, damaged, foreign, open to others. Each is compared byte for byte afterwards.
#include "access/schema.hpp"

#include <gmock/gmock.h>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include "access/test_folder.hpp"

namespace qeaas::access {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class Schema : public FolderTest {
 protected:
  Outcome<Connection> open() const { return open_database(database(), 0ms); }
  std::string content() const {
    std::ifstream file(database(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put(const std::string& bytes) const {
    std::ofstream(database(), std::ios::binary) << bytes;
    ASSERT_EQ(::chmod(database().c_str(), 0600), 0);
  }
  void make() const { ASSERT_TRUE(open()); }
  void run(const char* sql) const {
    auto connection = open();
    ASSERT_TRUE(connection);
    ASSERT_TRUE(execute(connection->get(), "db", sql));
  }
  void expect_refused(Error error, const std::string& words) const {
    const auto before = content();
    const auto outcome = open();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().error, error);
    EXPECT_THAT(outcome.error().text, HasSubstr(words));
    EXPECT_THAT(outcome.error().text, HasSubstr(database().string()));
    EXPECT_EQ(content(), before);
  }
};

TEST_F(Schema, ANewFileIsPrivateAndCurrent) {
  ASSERT_NO_FATAL_FAILURE(make());
  struct stat status {};
  ASSERT_EQ(::stat(database().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto connection = open();
  ASSERT_TRUE(connection);
  auto statement =
      Statement::prepare(connection->get(), "db", "SELECT user_version, journal_mode FROM pragma_user_version, pragma_journal_mode");
  ASSERT_TRUE(statement);
  auto row = statement->run();
  ASSERT_EQ(row.step(), true);
  EXPECT_EQ(row.integer(0), kSchemaVersion);
  EXPECT_EQ(row.text(1), "wal");
}

TEST_F(Schema, AnEmptyFileIsFilled) {
  put("");
  ASSERT_NO_FATAL_FAILURE(make());
  EXPECT_FALSE(content().empty());
}

TEST_F(Schema, ANewerVersionIsRefusedAndLeftAlone) {
  run("PRAGMA user_version = 3");
  expect_refused(Error::unsupported, "schema version 3; this build knows versions up to 2");
}

TEST_F(Schema, AVersionOneFileIsBroughtForwardWithItsIdentities) {
  run("INSERT INTO identity (name, kind, credential, leased_bytes) VALUES ('a', 'token', 'x', 9);"
      "ALTER TABLE identity DROP COLUMN bucket_ns; ALTER TABLE identity DROP COLUMN bucket_settled; PRAGMA user_version = 1");
  const auto connection = open();
  ASSERT_TRUE(connection) << connection.error().text;
  auto statement =
      Statement::prepare(connection->get(), "db",
                         "SELECT user_version, name, leased_bytes, bucket_ns, bucket_settled FROM pragma_user_version, identity "
                         "WHERE kind = 'token'");
  ASSERT_TRUE(statement);
  auto row = statement->run();
  ASSERT_EQ(row.step(), true);
  EXPECT_EQ(row.integer(0), 2);
  EXPECT_EQ(row.text(1), "a");
  EXPECT_EQ(row.integer(2), 9);
  EXPECT_EQ(row.integer(3), 0);
  EXPECT_EQ(row.integer(4), 1);
}

TEST_F(Schema, ANegativeVersionIsRefused) {
  run("PRAGMA user_version = -1");
  expect_refused(Error::unsupported, "schema version -1");
}

TEST_F(Schema, MigrateRefusesAVersionThatAppearedMeanwhile) {
  const auto connection = open();
  ASSERT_TRUE(connection);
  ASSERT_TRUE(execute(connection->get(), "db", "PRAGMA user_version = 3"));
  const auto outcome = migrate(connection->get(), "db");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error, Error::unsupported);
}

TEST_F(Schema, WhatIsNoDatabaseIsRefusedAndLeftAlone) {
  put(std::string(8192, 'x'));
  expect_refused(Error::malformed, "is damaged (file is not a database). Nothing in it was changed");
}

TEST_F(Schema, ADamagedPageIsFoundAndLeftAlone) {
  run("INSERT INTO identity (name, kind, credential) VALUES ('a', 'token', 'x')");
  auto bytes = content();
  ASSERT_GT(bytes.size(), 8192U);
  for (std::size_t i = 4096; i < 4096 + 64; ++i) bytes[i] = '\x5a';
  put(bytes);
  expect_refused(Error::malformed, "put a backup in its place or try: sqlite3 MOVED-FILE .recover");
}

TEST_F(Schema, AForeignDatabaseIsRefusedAndLeftAlone) {
  {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &raw), SQLITE_OK);
    const Connection other(raw);
    ASSERT_TRUE(execute(raw, "db", "CREATE TABLE cookies (taste TEXT)"));
  }
  ASSERT_EQ(::chmod(database().c_str(), 0600), 0);
  expect_refused(Error::malformed, "is a database of some other program");
}

TEST_F(Schema, AFileOpenToOthersIsRefused) {
  make();
  ASSERT_EQ(::chmod(database().c_str(), 0640), 0);
  expect_refused(Error::refused, "chmod 600 ");
}

TEST_F(Schema, WhatIsNoRegularFileIsRefused) {
  std::filesystem::create_directory(database());
  const auto outcome = open();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error, Error::refused);
  EXPECT_THAT(outcome.error().text, HasSubstr("is not a regular file"));
}

TEST_F(Schema, ASymbolicLinkIsRefused) {
  std::filesystem::create_symlink(folder_ / "elsewhere", database());
  const auto outcome = open();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error, Error::refused);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "elsewhere"));
}

TEST_F(Schema, AMissingFolderIsNamed) {
  std::filesystem::remove_all(folder_);
  const auto outcome = open();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error, Error::not_found);
  EXPECT_THAT(outcome.error().text, HasSubstr("cannot use " + database().string()));
}

TEST_F(Schema, AWriterInAnotherProcessIsReported) {
  const auto other = open();
  ASSERT_TRUE(other);
  const auto connection = open();
  ASSERT_TRUE(connection);
  const Transaction held(other->get());
  ASSERT_TRUE(held.begun());
  const auto outcome = migrate(connection->get(), "db");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error, Error::in_use);
  EXPECT_THAT(outcome.error().text, HasSubstr("held by another process"));
}

TEST(Sqlite, EveryCodeHasAnError) {
  EXPECT_EQ(sqlite_error(SQLITE_CORRUPT), Error::malformed);
  EXPECT_EQ(sqlite_error(SQLITE_NOTADB), Error::malformed);
  EXPECT_EQ(sqlite_error(SQLITE_BUSY_SNAPSHOT), Error::in_use);
  EXPECT_EQ(sqlite_error(SQLITE_FULL), Error::no_space);
  EXPECT_EQ(sqlite_error(SQLITE_READONLY), Error::denied);
  EXPECT_EQ(sqlite_error(SQLITE_TOOBIG), Error::too_large);
  EXPECT_EQ(sqlite_error(SQLITE_IOERR_READ), Error::io);
}

TEST(Sqlite, AWrongStatementIsAFault) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &raw), SQLITE_OK);
  const Connection connection(raw);
  const auto prepared = Statement::prepare(raw, "db", "SELEKT 1");
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().text, HasSubstr("syntax error"));
  EXPECT_FALSE(execute(raw, "db", "SELEKT 1"));
}

TEST(Sqlite, ABindErrorShowsAtTheStep) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &raw), SQLITE_OK);
  const Connection connection(raw);
  auto statement = Statement::prepare(raw, "db", "SELECT ?");
  ASSERT_TRUE(statement);
  EXPECT_EQ(statement->run().bind(std::int64_t{1}).bind(std::int64_t{2}).step(), tl::make_unexpected(Error::io));
  EXPECT_EQ(statement->run().bind("ok").step(), true);
}

}  // namespace
}  // namespace qeaas::access
