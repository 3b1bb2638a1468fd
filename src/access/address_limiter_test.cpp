// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses: who counts as one, who is forgotten first, and a model check of table and list.
#include "access/address_limiter.hpp"

#include <array>
#include <deque>
#include <gtest/gtest.h>
#include <random>

namespace qeaas::access {
namespace {

std::chrono::steady_clock::time_point second(std::int64_t count) {
  return std::chrono::steady_clock::time_point(std::chrono::seconds(count));
}

AddressKey v4(std::uint32_t number) {
  const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
                                          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  return AddressKey::ipv4(bytes);
}

AddressKey v6(std::uint8_t in_prefix, std::uint8_t in_host) {
  std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  bytes[7] = in_prefix;
  bytes[15] = in_host;
  return AddressKey::ipv6(bytes);
}

TEST(AddressLimiter, OneIpv6NetworkIsOneAddress) {
  EXPECT_EQ(v6(1, 1), v6(1, 2));
  EXPECT_NE(v6(1, 1), v6(2, 1));
}

TEST(AddressLimiter, MappedIpv4IsIpv4) {
  const std::array<std::uint8_t, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  EXPECT_EQ(AddressKey::ipv6(mapped), v4(0x0a000001));
}

TEST(AddressLimiter, Ipv4AndIpv6NeverMeet) {
  const std::array<std::uint8_t, 16> low{0, 0, 0, 0, 10, 0, 0, 1};  // the /64 whose number is that of 10.0.0.1
  EXPECT_EQ(AddressKey::ipv6(low).bits(), v4(0x0a000001).bits());
  EXPECT_NE(AddressKey::ipv6(low), v4(0x0a000001));
}

TEST(AddressLimiter, EachAddressHasItsOwnRate) {
  AddressLimiter limiter(8, Rate(10, 20), 99);
  EXPECT_TRUE(limiter.take(v4(1), 20, second(100)));
  const auto refused = limiter.take(v4(1), 10, second(100));
  EXPECT_EQ(refused.refusal, Error::over_quota);
  EXPECT_EQ(refused.retry_after, std::chrono::seconds(1));
  EXPECT_TRUE(limiter.take(v4(2), 20, second(100)));
  EXPECT_TRUE(limiter.take(v4(1), 10, second(101)));
  EXPECT_EQ(limiter.take(v4(1), 21, second(200)).refusal, Error::too_large);
}

TEST(AddressLimiter, UnlimitedKeepsNobody) {
  AddressLimiter limiter(8, Rate(), 99);
  EXPECT_TRUE(limiter.take(v4(1), 1'000'000'000, second(1)));
  EXPECT_EQ(limiter.size(), 0U);
}

TEST(AddressLimiter, WhatIsGivenBackCanBeTakenAgainAndNoMore) {
  AddressLimiter limiter(8, Rate(10, 20), 99);
  EXPECT_TRUE(limiter.take(v4(1), 20, second(100)));
  limiter.give_back(v4(1), 20);
  limiter.give_back(v4(2), 20);  // nobody
  EXPECT_TRUE(limiter.take(v4(1), 20, second(100)));
  EXPECT_FALSE(limiter.take(v4(1), 1, second(100)));
  EXPECT_EQ(limiter.size(), 1U);
  AddressLimiter unlimited(8, Rate(), 99);
  unlimited.give_back(v4(1), 20);
  EXPECT_EQ(unlimited.size(), 0U);
}

TEST(AddressLimiter, ANewRateKeepsWhatIsUsedUp) {
  AddressLimiter limiter(8, Rate(10, 100), 99);
  EXPECT_TRUE(limiter.take(v4(1), 100, second(10)));
  limiter.set_rate(Rate(10, 50));
  EXPECT_FALSE(limiter.take(v4(1), 1, second(10)));
}

TEST(AddressLimiter, TheLeastRecentlyUsedIsForgotten) {
  AddressLimiter limiter(3, Rate(1, 10), 7);
  for (std::uint32_t a : {1U, 2U, 3U, 1U}) limiter.take(v4(a), 5, second(50));
  limiter.take(v4(4), 5, second(50));
  EXPECT_EQ(limiter.size(), 3U);
  EXPECT_FALSE(limiter.knows(v4(2)));
  EXPECT_TRUE(limiter.knows(v4(1)));
  EXPECT_FALSE(limiter.take(v4(1), 1, second(50)));  // 1 used its ten and is remembered
  EXPECT_TRUE(limiter.take(v4(2), 10, second(50)));  // 2 begins anew
}

TEST(AddressLimiter, ARefusalCountsAsUse) {
  AddressLimiter limiter(2, Rate(1, 1), 7);
  limiter.take(v4(1), 1, second(5));
  limiter.take(v4(2), 1, second(5));
  EXPECT_FALSE(limiter.take(v4(1), 1, second(5)));
  limiter.take(v4(3), 1, second(5));
  EXPECT_TRUE(limiter.knows(v4(1)));  // whoever keeps knocking does not get a fresh burst
  EXPECT_FALSE(limiter.knows(v4(2)));
}

TEST(AddressLimiter, CapacityIsHeldWithinItsLimits) {
  EXPECT_EQ(AddressLimiter(0, Rate(1, 1), 1).capacity(), 1U);
  EXPECT_EQ(AddressLimiter(std::size_t{1} << 30, Rate(1, 1), 1).capacity(), std::size_t{1} << 20);
}

TEST(AddressLimiter, AgreesWithAModelOverRandomUse) {
  std::mt19937 random(4711);
  constexpr std::size_t kCapacity = 16;
  AddressLimiter limiter(kCapacity, Rate(1000, 1000), 0x1234567890abcdef);
  std::deque<std::uint32_t> model;  // newest first
  for (int i = 0; i < 20'000; ++i) {
    const auto address = static_cast<std::uint32_t>(random() % 40);
    limiter.take(address % 2 == 0 ? v4(address) : v6(static_cast<std::uint8_t>(address), 0), 1, second(i));
    std::erase(model, address);
    model.push_front(address);
    if (model.size() > kCapacity) model.pop_back();
    ASSERT_EQ(limiter.size(), model.size());
    for (std::uint32_t a = 0; a < 40; ++a) {
      const bool remembered = std::find(model.begin(), model.end(), a) != model.end();
      ASSERT_EQ(limiter.knows(a % 2 == 0 ? v4(a) : v6(static_cast<std::uint8_t>(a), 0)), remembered) << "address " << a << " step " << i;
    }
  }
}

}  // namespace
}  // namespace qeaas::access
