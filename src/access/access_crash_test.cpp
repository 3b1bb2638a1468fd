// SPDX-License-Identifier: GPL-3.0-or-later
// Rates over crashes, clean stops, reboots and clocks that are set: at most a second's allowance is lost, none is ever gained. A crash
// is an Access that is left open (nothing of it is flushed) while another one goes on with the same file.
#include <gmock/gmock.h>
#include <random>
#include <thread>

#include "access/access.hpp"
#include "access/schema.hpp"
#include "access/test_folder.hpp"

namespace qeaas::access {
namespace {

using namespace std::chrono_literals;

constexpr Quota kQuota{100, 1000, 0};  // 10 s from empty to full

class CrashTest : public FolderTest {
 protected:
  // start gives the next life of the server; the ones before stay as they were.
  Access& start(const Quota& quota, const Clocks& now) {
    auto access = Access::open(folder_, quota, now);
    EXPECT_TRUE(access) << (access ? "" : access.error().text);
    lives_.push_back(std::move(*access));
    return *lives_.back();
  }
  static bool take(Access& access, std::uint64_t bytes, std::int64_t seconds) {
    return static_cast<bool>(access.take(access.snapshot()->anonymous(), bytes, at(seconds)));
  }
  // most is the largest amount that can be taken, and is then taken.
  static std::uint64_t most(Access& access, std::int64_t seconds) {
    for (std::uint64_t bytes = 1000; bytes > 0; --bytes)
      if (take(access, bytes, seconds)) return bytes;
    return 0;
  }
  void edit(const char* sql) const {
    const auto connection = open_database(database(), 0ms);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(execute(connection->get(), "db", sql));
  }
  std::vector<std::unique_ptr<Access>> lives_;
};

TEST_F(CrashTest, AnEmptyBucketStaysEmpty) {
  EXPECT_TRUE(take(start(kQuota, clocks(kMorning)), 1000, kMorning));
  auto& second = start(kQuota, clocks(kMorning));
  EXPECT_EQ(most(second, kMorning), 0U);
  EXPECT_EQ(most(second, kMorning + 3), 300U);
}

TEST_F(CrashTest, ACrashCostsASecond) {
  start(kQuota, clocks(kMorning));
  EXPECT_EQ(most(start(kQuota, clocks(kMorning)), kMorning), 900U);
  EXPECT_EQ(most(start(kQuota, clocks(kMorning + 5)), kMorning + 5), 400U);
  EXPECT_EQ(most(start(kQuota, clocks(kMorning + 60)), kMorning + 60), 900U);
}

TEST_F(CrashTest, CrashAfterCrashCostsNoMoreThanOne) {
  for (int i = 0; i < 10; ++i) start(kQuota, clocks(kMorning));
  EXPECT_EQ(most(start(kQuota, clocks(kMorning)), kMorning), 900U);
}

TEST_F(CrashTest, ACleanStopCostsNothing) {
  auto& first = start(kQuota, clocks(kMorning));
  EXPECT_TRUE(take(first, 1, kMorning));
  EXPECT_TRUE(take(first, 299, kMorning));
  ASSERT_TRUE(first.settle(clocks(kMorning)));
  auto& second = start(kQuota, clocks(kMorning));
  EXPECT_EQ(most(second, kMorning), 700U);
  EXPECT_EQ(most(start(kQuota, clocks(kMorning)), kMorning), 0U) << "what was settled once is not settled for good";
}

TEST_F(CrashTest, UsageIsSettledWithTheLevel) {
  auto& first = start(kQuota, clocks(kMorning));
  EXPECT_TRUE(take(first, 55, kMorning));
  ASSERT_TRUE(first.settle(clocks(kMorning)));
  EXPECT_EQ(Store::open(folder_)->find("anonymous")->bytes_served, 55U);
}

TEST_F(CrashTest, ANewIdentityBeginsWithAFullBucket) {
  auto& access = start({}, clocks(kMorning));
  ASSERT_TRUE(Store::open(folder_)->add("dev", psk("dev"), kQuota));
  EXPECT_EQ(*access.reload_if_changed(clocks(kMorning)), true);
  EXPECT_TRUE(access.take(*access.snapshot()->find_psk("dev"), 1000, at(kMorning)));
}

TEST_F(CrashTest, OnlyWhatGoesBeyondTheWindowIsWrittenAtOnce) {
  auto& access = start(kQuota, clocks(kMorning));
  auto watcher = std::move(*Store::open(folder_));
  const auto before = *watcher.data_version();
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(take(access, 10, kMorning));
  EXPECT_EQ(*watcher.data_version(), before) << "90 of the 100 bytes of a second";
  EXPECT_TRUE(take(access, 10, kMorning));
  const auto written = *watcher.data_version();
  EXPECT_NE(written, before);
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(take(access, 10, kMorning));
  EXPECT_EQ(*watcher.data_version(), written) << "a new window";
  ASSERT_TRUE(access.write_usage(clocks(kMorning)));
  const auto accounted = *watcher.data_version();
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(take(access, 10, kMorning));
  EXPECT_EQ(*watcher.data_version(), accounted) << "each write begins one";
}

TEST_F(CrashTest, AtItsRateOrUnlimitedNobodyWaitsForTheDisk) {
  auto& access = start(kQuota, clocks(kMorning));
  auto watcher = std::move(*Store::open(folder_));
  ASSERT_TRUE(watcher.add("free", psk("free"), Quota{}));
  ASSERT_TRUE(access.reload_if_changed(clocks(kMorning)));
  const auto before = *watcher.data_version();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(take(access, 90, kMorning + i));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(access.take(*access.snapshot()->find_psk("free"), 1'000'000'000, at(kMorning)));
  EXPECT_EQ(*watcher.data_version(), before);
}

TEST_F(CrashTest, ALevelThatCannotBeWrittenServesNothingAndCostsNothing) {
  auto& access = start({100, 1000, 100'000}, clocks(kMorning));
  EXPECT_TRUE(take(access, 1, kMorning));  // the first lease
  edit("CREATE TRIGGER no BEFORE UPDATE OF bucket_ns ON identity BEGIN SELECT raise(FAIL, 'no'); END");
  const auto table = access.snapshot();
  const auto left = Access::allowance(table->anonymous(), at(kMorning));
  EXPECT_EQ(access.take(table->anonymous(), 999, at(kMorning)).refusal, Error::io);
  EXPECT_TRUE(take(access, 89, kMorning)) << "the window is still there";
  edit("DROP TRIGGER no");
  EXPECT_TRUE(take(access, 910, kMorning));
  EXPECT_EQ(left->remaining_bytes, 999U);
}

TEST_F(CrashTest, ARemovedIdentityIsForbiddenBeyondTheWindow) {
  auto other = std::move(*Store::open(folder_));
  ASSERT_TRUE(other.add("dev", psk("dev"), kQuota));
  auto& access = start({}, clocks(kMorning));
  const auto table = access.snapshot();
  ASSERT_TRUE(other.remove("dev"));
  EXPECT_TRUE(access.take(*table->find_psk("dev"), 90, at(kMorning)));
  EXPECT_EQ(access.take(*table->find_psk("dev"), 90, at(kMorning)).refusal, Error::forbidden);
}

TEST_F(CrashTest, ARebootKeepsTheLevel) {
  EXPECT_TRUE(take(start(kQuota, clocks(kMorning)), 1000, kMorning));
  // The steady clock begins anew, the wall clock went on for three seconds.
  auto& second = start(kQuota, {at(5).steady, at(kMorning + 3).wall});
  EXPECT_EQ(most(second, 5), 200U);
}

TEST_F(CrashTest, AClockThatWasSetBackLocksForNoLongerThanARefill) {
  EXPECT_TRUE(take(start(kQuota, clocks(kMorning)), 1000, kMorning));
  auto& second = start(kQuota, {at(5).steady, at(kMorning - 1'000'000).wall});
  EXPECT_EQ(most(second, 5), 0U);
  EXPECT_EQ(most(second, 8), 300U);
}

TEST_F(CrashTest, AClockSetWhileWeRunRefillsNothing) {
  for (const std::int64_t step : {3600, -3600}) {
    auto& first = start(kQuota, clocks(kMorning));
    static_cast<void>(most(first, kMorning));
    ASSERT_TRUE(first.write_usage({at(kMorning + 2).steady, at(kMorning + 2 + step).wall}));
    auto& second = start(kQuota, {at(kMorning + 2).steady, at(kMorning + 2 + step).wall});
    EXPECT_EQ(most(second, kMorning + 2), 100U) << step;
    edit("UPDATE identity SET bucket_ns = 0, bucket_settled = 1");
  }
}

TEST_F(CrashTest, NonsenseInTheFileIsNoTime) {
  for (const auto* sql : {"UPDATE identity SET bucket_ns = 9223372036854775807", "UPDATE identity SET bucket_ns = -9223372036854775808"}) {
    start(kQuota, clocks(kMorning));
    edit(sql);
    auto& access = start(kQuota, clocks(kMorning));
    EXPECT_EQ(most(access, kMorning + 10), 1000U) << sql;
    ASSERT_TRUE(access.write_usage(clocks(kMorning + 10)));
  }
}

TEST_F(CrashTest, ANewQuotaDoesNotInheritALongDebt) {
  auto& access = start({1, 1000, 0}, clocks(kMorning));
  EXPECT_TRUE(take(access, 1000, kMorning));
  ASSERT_TRUE(access.set_default_quota(kQuota, clocks(kMorning)));
  EXPECT_EQ(most(access, kMorning), 0U);
  EXPECT_EQ(most(access, kMorning + 4), 400U);
}

// Random draws and write-outs, crashes, clean stops and reboots: the sum never exceeds burst + rate * time.
TEST_F(CrashTest, NoSequenceGainsAnything) {
  std::mt19937_64 random(20260801);
  for (int round = 0; round < 6; ++round) {
    edit("UPDATE identity SET bucket_ns = 0, bucket_settled = 1");
    std::int64_t wall = kMorning;
    std::int64_t boot = 0;
    const auto now = [&] { return Clocks{at(wall - boot).steady, at(wall).wall}; };
    auto* access = &start(kQuota, now());
    std::uint64_t served = 0;
    std::uint64_t lost = 0;
    for (int step = 0; step < 300; ++step) {
      const std::uint64_t bytes = 1 + random() % (step % 5 == 0 ? 600 : 40);
      if (access->take(access->snapshot()->anonymous(), bytes, {now().steady, at(wall).wall})) served += bytes;
      ASSERT_LE(served, kQuota.burst_bytes + kQuota.bytes_per_second * static_cast<std::uint64_t>(wall - kMorning));
      const auto dice = random() % 16;
      if (dice < 3) ++wall;
      if (dice == 4 || dice == 5) {
        EXPECT_TRUE(access->write_usage(now()).has_value());
      }
      if (dice == 6) {
        EXPECT_TRUE(access->settle(now()).has_value());
      }
      if (dice == 7) boot = wall - 100;
      if (dice >= 6 && dice <= 8) access = &start(kQuota, now());
      if (dice == 7 || dice == 8) ++lost;
    }
    // Asked for far more than the rate, so that little but the price of the crashes is missing.
    const auto due = kQuota.burst_bytes + kQuota.bytes_per_second * static_cast<std::uint64_t>(wall - kMorning);
    EXPECT_GE(served + (lost + 1) * kQuota.bytes_per_second + 600, due);
    lives_.clear();
  }
}

TEST_F(CrashTest, ThreadsAndWriteOutsTogetherLeaveNoGain) {
  constexpr Quota kWide{10'000, 100'000, 0};
  auto& access = start(kWide, clocks(kMorning));
  std::atomic<std::uint64_t> served{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      const auto table = access.snapshot();
      for (int i = 0; i < 700; ++i) {
        if (!access.take(table->anonymous(), 37, at(kMorning))) continue;
        if (i % 8 == 0)
          Access::give_back({table->anonymous(), at(kMorning)}, 37);
        else
          served += 37;
      }
    });
  }
  std::thread writer([&] {
    while (!stop) EXPECT_TRUE(access.write_usage(clocks(kMorning)));
  });
  for (auto& thread : threads) thread.join();
  auto& next = start(kWide, clocks(kMorning));  // the crash
  stop = true;
  writer.join();
  while (next.take(next.snapshot()->anonymous(), 37, at(kMorning))) served += 37;
  EXPECT_LE(served.load(), kWide.burst_bytes);
  EXPECT_GE(served.load(), kWide.burst_bytes - kWide.bytes_per_second - 37);
}

TEST_F(CrashTest, WhatIsGivenBackCanBeTakenAgainAndNoMore) {
  auto& access = start({100, 1000, 3200}, clocks(kMorning));
  const auto table = access.snapshot();
  const auto& entry = table->anonymous();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(access.take(entry, 1000, at(kMorning)));
    if (i % 2 == 0) {
      EXPECT_TRUE(access.write_usage(clocks(kMorning)).has_value());
    }
    Access::give_back({entry, at(kMorning)}, 1000);
  }
  ASSERT_TRUE(access.write_usage(clocks(kMorning)));
  EXPECT_EQ(Store::open(folder_)->find("anonymous")->bytes_served, 0U);
  EXPECT_EQ(most(access, kMorning), 1000U);
  EXPECT_EQ(most(access, kMorning), 0U);
  EXPECT_TRUE(take(access, 1000, kMorning + 10));
  EXPECT_TRUE(take(access, 1000, kMorning + 20));
  EXPECT_EQ(most(access, kMorning + 30), 200U) << "the day's 3200 are gone";
}

TEST_F(CrashTest, NothingIsGivenBackToAnotherDay) {
  auto& access = start({0, 0, 1000}, clocks(kMorning));
  const auto table = access.snapshot();
  EXPECT_TRUE(take(access, 400, kMorning - 1));
  EXPECT_TRUE(take(access, 400, kMorning));
  Access::give_back({table->anonymous(), at(kMorning - 1)}, 400);
  EXPECT_EQ(most(access, kMorning), 600U);
}

TEST_F(CrashTest, AllowanceIsOfTheTightestLimit) {
  auto& access = start({100, 1000, 3200}, clocks(kMorning));
  const auto table = access.snapshot();
  const auto& entry = table->anonymous();
  const auto full = Access::allowance(entry, at(kMorning));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->policy, "second");
  EXPECT_EQ(full->limit_bytes, 1000U);
  EXPECT_EQ(full->remaining_bytes, 1000U);
  EXPECT_EQ(full->window, 10s);
  EXPECT_EQ(full->reset, 0s);
  EXPECT_TRUE(take(access, 250, kMorning));
  EXPECT_EQ(Access::allowance(entry, at(kMorning))->remaining_bytes, 750U);
  EXPECT_EQ(Access::allowance(entry, at(kMorning))->reset, 3s);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(take(access, 500, kMorning + 5 * i));
  const auto day = Access::allowance(entry, at(kMorning + 60));
  EXPECT_EQ(day->policy, "day");
  EXPECT_EQ(day->limit_bytes, 3200U);
  EXPECT_EQ(day->remaining_bytes, 450U);
  EXPECT_EQ(day->window, 24h);
  EXPECT_EQ(day->reset, 24h - 60s);
  EXPECT_EQ(most(access, kMorning + 60), 450U) << "what was said holds";
  const auto& next = start({100, 1000, 3200}, clocks(kMorning + 60));
  EXPECT_EQ(Access::allowance(next.snapshot()->anonymous(), at(kMorning + 90))->remaining_bytes, 0U);
  EXPECT_EQ(Access::allowance(next.snapshot()->anonymous(), at(kMorning + 86'400))->policy, "second");
}

TEST_F(CrashTest, TheUnlimitedHaveNoAllowance) {
  EXPECT_FALSE(Access::allowance(start({}, clocks(kMorning)).snapshot()->anonymous(), at(kMorning)));
}

}  // namespace
}  // namespace qeaas::access
