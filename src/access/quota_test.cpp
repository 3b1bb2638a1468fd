// SPDX-License-Identifier: GPL-3.0-or-later
// The token bucket and the lease: exact values, the bound over random sequences, threads, the largest numbers.
#include "access/quota.hpp"

#include <gtest/gtest.h>
#include <random>
#include <thread>
#include <vector>

#include "access/test_folder.hpp"

namespace qeaas::access {
namespace {

using std::chrono::nanoseconds;
using Steady = std::chrono::steady_clock::time_point;

Steady ns(std::int64_t count) { return Steady(nanoseconds(count)); }
constexpr std::int64_t kSecond = 1'000'000'000;
__extension__ using Wide = unsigned __int128;  // bytes times nanoseconds need more than 64 bits

TEST(Quota, UnlimitedAlwaysPasses) {
  Bucket bucket;
  const Rate rate;
  EXPECT_TRUE(rate.unlimited());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(bucket.take(rate, kMaxBurstBytes, ns(5)));
}

TEST(Quota, BurstThenRateExactly) {
  Bucket bucket;
  const Rate rate(10, 30);
  EXPECT_TRUE(bucket.take(rate, 30, ns(kSecond)));
  const auto refused = bucket.take(rate, 1, ns(kSecond));
  EXPECT_EQ(refused.refusal, Error::over_quota);
  EXPECT_EQ(refused.retry_after, std::chrono::seconds(1));
  EXPECT_FALSE(bucket.take(rate, 1, ns(kSecond + kSecond / 10 - 1)));
  EXPECT_TRUE(bucket.take(rate, 1, ns(kSecond + kSecond / 10)));
  EXPECT_FALSE(bucket.take(rate, 1, ns(kSecond + kSecond / 10)));
}

TEST(Quota, RetryAfterIsRoundedUpAndThenSuffices) {
  Bucket bucket;
  const Rate rate(10, 100);
  EXPECT_TRUE(bucket.take(rate, 100, ns(0)));
  const auto refused = bucket.take(rate, 33, ns(0));  // 3.3 s
  ASSERT_EQ(refused.retry_after, std::chrono::seconds(4));
  EXPECT_FALSE(bucket.take(rate, 33, ns(3 * kSecond)));
  EXPECT_TRUE(bucket.take(rate, 33, ns(4 * kSecond)));
}

TEST(Quota, MoreThanTheBurstIsNeverGrantable) {
  Bucket bucket;
  const auto refused = bucket.take(Rate(10, 30), 31, ns(1000 * kSecond));
  EXPECT_EQ(refused.refusal, Error::too_large);
  EXPECT_EQ(refused.retry_after, std::chrono::seconds(0));
}

TEST(Quota, LargestNumbersDoNotOverflow) {
  const Rate slowest(1, kMaxBurstBytes);
  const std::int64_t late = (std::int64_t{1} << 62) - 1;
  const auto first = slowest.next(0, kMaxBurstBytes, late);
  ASSERT_TRUE(first.decision);
  EXPECT_GT(first.arrival, late);
  const auto second = slowest.next(first.arrival, kMaxBurstBytes, late);
  EXPECT_EQ(second.decision.refusal, Error::over_quota);
  EXPECT_EQ(second.decision.retry_after, std::chrono::seconds(kMaxBurstBytes));
  const Rate clamped(~std::uint64_t{0}, ~std::uint64_t{0});
  EXPECT_EQ(clamped.burst(), kMaxBurstBytes);
  EXPECT_EQ(Rate(1, 0).burst(), 1U);
}

// Over every window from the start: granted <= burst + rate * t, plus what one nanosecond is worth by rounding the tolerance up.
TEST(Quota, NeverMoreThanBurstPlusRateTimesTimeOverRandomSequences) {
  std::mt19937_64 random(20260731);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t per_second = 1 + random() % (round % 3 == 0 ? 1000 : round % 3 == 1 ? 10'000'000 : kMaxBytesPerSecond);
    const std::uint64_t burst = 1 + random() % 200'000;
    const Rate rate(per_second, burst);
    Bucket bucket;
    const auto start = static_cast<std::int64_t>(random() >> 3);
    std::int64_t elapsed = 0;
    Wide granted = 0;
    bool any = false;
    for (int step = 0; step < 400; ++step) {
      elapsed += static_cast<std::int64_t>(random() % (1 + burst * kSecond / per_second / 4));
      const std::uint64_t amount = 1 + random() % burst;
      if (!bucket.take(rate, amount, ns(start + elapsed))) continue;
      any = true;
      granted += amount;
      const auto bound = static_cast<Wide>(burst) * kSecond + static_cast<Wide>(per_second) * static_cast<std::uint64_t>(elapsed + 1);
      ASSERT_LE(granted * kSecond, bound) << "rate " << per_second << " burst " << burst;
    }
    EXPECT_TRUE(any);
  }
}

TEST(Quota, APatientClientGetsItsRate) {
  Bucket bucket;
  const Rate rate(1000, 100);
  std::uint64_t granted = 0;
  for (int i = 0; i < 1000; ++i) granted += bucket.take(rate, 10, ns(i * kSecond / 100)) ? 10 : 0;  // asks for exactly 1000 B/s
  EXPECT_EQ(granted, 10'000U);
}

TEST(Quota, ConcurrentTakesNeverExceedTheBurst) {
  Bucket bucket;
  const Rate rate(1, 10'000);
  std::atomic<std::uint64_t> granted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) granted += bucket.take(rate, 3, ns(kSecond)) ? 3 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(granted.load(), 9'999U);
}

TEST(Quota, DaysAreUtc) {
  EXPECT_EQ(day_of(WallTime(std::chrono::seconds(0))), 0U);
  EXPECT_EQ(day_of(WallTime(std::chrono::seconds(86'399))), 0U);
  EXPECT_EQ(day_of(WallTime(std::chrono::seconds(86'400))), 1U);
  EXPECT_EQ(day_of(WallTime(std::chrono::seconds(-5))), 0U);
  EXPECT_EQ(until_tomorrow(WallTime(std::chrono::seconds(86'399))), std::chrono::seconds(1));
  EXPECT_EQ(until_tomorrow(WallTime(std::chrono::seconds(86'400))), std::chrono::seconds(86'400));
}

TEST(Quota, LeaseIsOfOneDay) {
  DailyLease lease;
  EXPECT_FALSE(lease.take(20'000, 1));
  lease.add(20'000, 100);
  EXPECT_TRUE(lease.take(20'000, 60));
  EXPECT_EQ(lease.left(20'000), 40U);
  EXPECT_FALSE(lease.take(20'000, 41));
  EXPECT_FALSE(lease.take(20'001, 1));
  EXPECT_EQ(lease.left(20'001), 0U);
  lease.add(20'001, 5);
  EXPECT_EQ(lease.left(20'001), 5U);  // the 40 of the day before are gone
  EXPECT_EQ(lease.left(20'000), 0U);
  lease.add(20'001, kMaxBytesPerDay);
  EXPECT_EQ(lease.left(20'001), kMaxBytesPerDay + 5);
}

TEST(Quota, ConcurrentLeaseTakesNeverExceedIt) {
  DailyLease lease;
  lease.add(1, 10'000);
  std::atomic<std::uint64_t> granted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) granted += lease.take(1, 7) ? 7 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(granted.load(), 9'996U);
}

TEST(Quota, LeaseSizeIsAThirtySecondButEnoughForNow) {
  EXPECT_EQ(lease_size(3200, 10), 100U);
  EXPECT_EQ(lease_size(3200, 1000), 1000U);
  EXPECT_EQ(lease_size(5, 1), 1U);
}

}  // namespace
}  // namespace qeaas::access
