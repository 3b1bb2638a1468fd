// SPDX-License-Identifier: GPL-3.0-or-later
// The whole: quotas that survive a crash without a gain, reloads, four threads, accounts.
#include "access/access.hpp"

#include <gmock/gmock.h>
#include <thread>

#include "access/schema.hpp"
#include "access/test_folder.hpp"

namespace qeaas::access {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class AccessTest : public FolderTest {
 protected:
  std::unique_ptr<Access> open(const Quota& quota = {}) const {
    auto access = Access::open(folder_, quota, clocks(kMorning));
    EXPECT_TRUE(access) << (access ? "" : access.error().text);
    return access ? std::move(*access) : nullptr;
  }
  Store other() const { return std::move(*Store::open(folder_)); }
  void edit(const char* sql) const {
    const auto connection = open_database(database(), 0ms);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(execute(connection->get(), "db", sql));
  }
};

TEST_F(AccessTest, TakesFromTheRateAndCounts) {
  const auto access = open({10, 100, 0});
  Reader reader(*access);
  const auto& entry = reader.table().anonymous();
  EXPECT_TRUE(access->take(entry, 100, at(kMorning)));
  const auto refused = access->take(entry, 10, at(kMorning));
  EXPECT_EQ(refused.refusal, Error::over_quota);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(access->take(entry, 101, at(kMorning)).refusal, Error::too_large);
  ASSERT_TRUE(access->write_usage());
  ASSERT_TRUE(access->write_usage());  // nothing is counted twice
  EXPECT_EQ(other().find("anonymous")->bytes_served, 100U);
  EXPECT_EQ(other().find("anonymous")->last_seen, at(kMorning).wall);
}

TEST_F(AccessTest, DisabledIsForbiddenAfterTheNextReload) {
  const auto access = open();
  Reader reader(*access);
  EXPECT_TRUE(access->take(reader.table().anonymous(), 1, at(kMorning)));
  EXPECT_EQ(*access->reload_if_changed(), false);
  ASSERT_TRUE(other().set_enabled("anonymous", false));
  EXPECT_EQ(*access->reload_if_changed(), true);
  EXPECT_EQ(*access->reload_if_changed(), false);
  EXPECT_EQ(access->take(reader.table().anonymous(), 1, at(kMorning)).refusal, Error::forbidden);
}

TEST_F(AccessTest, AReaderSeesTheNewSnapshotAndAReloadRefillsNothing) {
  const auto access = open({10, 100, 0});
  Reader reader(*access);
  EXPECT_EQ(reader.table().find_psk("dev"), nullptr);
  EXPECT_TRUE(access->take(reader.table().anonymous(), 100, at(kMorning)));
  ASSERT_TRUE(other().add("dev", psk("dev")));
  EXPECT_EQ(*access->reload_if_changed(clocks(kMorning)), true);
  EXPECT_NE(reader.table().find_psk("dev"), nullptr);
  EXPECT_FALSE(access->take(reader.table().anonymous(), 1, at(kMorning)));
}

TEST_F(AccessTest, ANewDefaultQuotaAppliesAtOnce) {
  const auto access = open();
  Reader reader(*access);
  EXPECT_TRUE(access->take(reader.table().anonymous(), 1'000'000, at(kMorning)));
  ASSERT_TRUE(access->set_default_quota({10, 100, 0}));
  EXPECT_EQ(access->take(reader.table().anonymous(), 101, at(kMorning)).refusal, Error::too_large);
  const auto refused = access->set_default_quota({0, 1, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::out_of_range);
  EXPECT_FALSE(Access::open(folder_, {0, 1, 0}));
}

TEST_F(AccessTest, TheDayEndsWithARetryAtMidnight) {
  const auto access = open({0, 0, 1000});
  const auto table = access->snapshot();
  EXPECT_TRUE(access->take(table->anonymous(), 600, at(kMorning)));
  EXPECT_TRUE(access->take(table->anonymous(), 400, at(kMorning + 10)));
  const auto refused = access->take(table->anonymous(), 1, at(kMorning + 20));
  EXPECT_EQ(refused.refusal, Error::over_quota);
  EXPECT_EQ(refused.retry_after, std::chrono::seconds(86'380));
  EXPECT_TRUE(access->take(table->anonymous(), 1000, at(kMorning + 86'400)));
  EXPECT_EQ(access->take(table->anonymous(), 1001, at(kMorning + 2 * 86'400)).refusal, Error::too_large);
}

TEST_F(AccessTest, WhatIsLeftOfALeaseIsUsedBeforeMoreIsDebited) {
  const auto access = open({0, 0, 3200});  // leases of 100
  const auto table = access->snapshot();
  EXPECT_TRUE(access->take(table->anonymous(), 60, at(kMorning)));    // 40 left
  EXPECT_TRUE(access->take(table->anonymous(), 3140, at(kMorning)));  // the whole rest of the day
  EXPECT_FALSE(access->take(table->anonymous(), 1, at(kMorning)));
}

// A crash: the process goes away without closing anything, and another one goes on with a copy of the files as they stand.
TEST_F(AccessTest, ACrashMayLoseALeaseAndNeverGainsOne) {
  constexpr std::uint64_t kAllowance = 10'000;
  std::uint64_t served = 0;
  auto life = folder_;
  std::vector<std::unique_ptr<Access>> crashed;  // kept open: nothing is flushed or checkpointed by a destructor
  for (int crash = 0; crash < 60; ++crash) {
    auto access = Access::open(life, {0, 0, kAllowance});
    ASSERT_TRUE(access) << access.error().text;
    const auto table = (*access)->snapshot();
    for (int i = 0; i < 7; ++i) served += (*access)->take(table->anonymous(), 45, at(kMorning)) ? 45 : 0;
    crashed.push_back(std::move(*access));
    const auto next = folder_ / ("life" + std::to_string(crash));
    std::filesystem::create_directory(next);
    for (const auto* suffix : {"", "-wal"}) {
      const auto file = std::string(kStoreFile) + suffix;
      if (std::filesystem::exists(life / file)) std::filesystem::copy_file(life / file, next / file);
    }
    life = next;
  }
  EXPECT_LE(served, kAllowance);
  EXPECT_GE(served, kAllowance / 2);  // each life draws 315 bytes from two leases of 312: a crash costs less than one lease
}

TEST_F(AccessTest, AReopeningWithoutClosingGainsNothing) {
  const auto first = open({0, 0, 1000});
  EXPECT_TRUE(first->take(first->snapshot()->anonymous(), 1000, at(kMorning)));
  const auto second = open({0, 0, 1000});
  EXPECT_EQ(second->take(second->snapshot()->anonymous(), 1, at(kMorning)).refusal, Error::over_quota);
}

TEST_F(AccessTest, FourThreadsNeverExceedTheDay) {
  constexpr std::uint64_t kAllowance = 50'000;
  const auto access = open({0, 0, kAllowance});
  std::atomic<std::uint64_t> served{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Reader reader(*access);
      for (int i = 0; i < 1000; ++i) served += access->take(reader.table().anonymous(), 32, at(kMorning)) ? 32 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(served.load(), kAllowance);
  EXPECT_GE(served.load(), kAllowance - 32 * 4);
}

TEST_F(AccessTest, ReadersAndReloadsMayRace) {
  const auto access = open();
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> looked{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      Reader reader(*access);
      while (!stop) looked += reader.table().find_psk("dev") == nullptr ? 1 : 2;
    });
  }
  auto writer = other();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(i % 2 == 0 ? writer.add("dev", psk("dev")).has_value() : writer.remove("dev").has_value());
    ASSERT_EQ(*access->reload_if_changed(), true);
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_GT(looked.load(), 0U);
}

TEST_F(AccessTest, ARemovedIdentityIsForbiddenOnceItsLeaseIsUsed) {
  ASSERT_TRUE(other().add("dev", psk("dev"), Quota{0, 0, 3200}));
  const auto access = open();
  const auto table = access->snapshot();
  EXPECT_TRUE(access->take(*table->find_psk("dev"), 100, at(kMorning)));
  ASSERT_TRUE(other().remove("dev"));
  EXPECT_EQ(access->take(*table->find_psk("dev"), 100, at(kMorning)).refusal, Error::forbidden);
}

TEST_F(AccessTest, ALeaseThatCannotBeWrittenServesNothing) {
  const auto access = open({0, 0, 3200});
  const auto table = access->snapshot();
  EXPECT_TRUE(access->take(table->anonymous(), 100, at(kMorning)));
  edit("DROP TABLE identity");
  EXPECT_EQ(access->take(table->anonymous(), 100, at(kMorning)).refusal, Error::io);
}

// A debit is asked for on an event loop: another process that holds the database for long costs one identity's answers, nobody's time.
TEST_F(AccessTest, ALockedDatabaseIsRefusedSoonAndForNow) {
  const auto access = open({0, 0, 3200});
  const auto table = access->snapshot();
  const auto holder = open_database(database(), 0ms);
  ASSERT_TRUE(holder && execute(holder->get(), "db", "BEGIN IMMEDIATE"));
  // Were each of them to wait as long as the command line does, ctest would end this program.
  for (int i = 0; i < 150; ++i) {
    const auto refused = access->take(table->anonymous(), 100, at(kMorning));
    EXPECT_EQ(refused.refusal, Error::io);
    EXPECT_EQ(refused.retry_after, 1s);
  }
  ASSERT_TRUE(execute(holder->get(), "db", "COMMIT"));
  EXPECT_TRUE(access->take(table->anonymous(), 100, at(kMorning)));
}

TEST_F(AccessTest, AFailedReloadKeepsTheOldSnapshot) {
  ASSERT_TRUE(other().add("dev", psk("dev")));
  const auto access = open();
  edit("UPDATE identity SET psk_key = x'00' WHERE name = 'dev'");
  const auto reloaded = access->reload_if_changed();
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error().text, HasSubstr("the entry 'dev' is not valid"));
  EXPECT_NE(access->snapshot()->find_psk("dev"), nullptr);
  EXPECT_FALSE(access->reload_if_changed());  // said again until it is repaired
}

TEST_F(AccessTest, AStoreWithoutAnonymousIsRefused) {
  open();
  edit("DELETE FROM identity");
  const auto access = Access::open(folder_, {});
  ASSERT_FALSE(access);
  EXPECT_THAT(access.error().text, HasSubstr("lacks the entry 'anonymous'"));
}

TEST_F(AccessTest, AMissingFolderIsAFault) {
  const auto access = Access::open(folder_ / "none", {});
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().error, Error::not_found);
}

TEST_F(AccessTest, UsageThatCouldNotBeWrittenIsKept) {
  const auto access = open();
  EXPECT_TRUE(access->take(access->snapshot()->anonymous(), 55, at(kMorning)));
  edit("ALTER TABLE identity RENAME TO elsewhere");
  EXPECT_FALSE(access->write_usage());
  edit("ALTER TABLE elsewhere RENAME TO identity");
  ASSERT_TRUE(access->write_usage());
  EXPECT_EQ(other().find("anonymous")->bytes_served, 55U);
  EXPECT_EQ(other().find("anonymous")->last_seen, at(kMorning).wall);
}

}  // namespace
}  // namespace qeaas::access
