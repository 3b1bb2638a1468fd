// SPDX-License-Identifier: GPL-3.0-or-later
// The bounds of the proxy's cache, and what it forgets.
#include "coap/proxy_cache.hpp"

#include <gtest/gtest.h>

namespace qeaas::coap {
namespace {

constexpr TimePoint kNow = TimePoint{} + std::chrono::hours(1);

CachedAnswer answer(const std::string& key, std::size_t size, const std::string& validator = {}, std::chrono::seconds life = 60s) {
  CachedAnswer made;
  made.key = key;
  made.validator = validator;
  made.fresh_until = kNow + life;
  made.body = SecretBytes(size);
  return made;
}

TEST(ProxyCacheTest, KeepsAndReplaces) {
  ProxyCache cache(10'000);
  EXPECT_EQ(cache.find("a", kNow), nullptr);
  cache.put(answer("a", 100));
  cache.put(answer("a", 200));
  ASSERT_NE(cache.find("a", kNow), nullptr);
  EXPECT_EQ(cache.find("a", kNow)->body.size(), 200u);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.bytes(), 1 + 200 + ProxyCache::kEntryOverheadBytes);
  cache.erase("a");
  cache.erase("a");
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(ProxyCacheTest, TheLeastRecentlyUsedGoesFirst) {
  ProxyCache cache(3 * (101 + ProxyCache::kEntryOverheadBytes));
  for (const auto* key : {"a", "b", "c"}) cache.put(answer(key, 100));
  EXPECT_NE(cache.find("a", kNow), nullptr);
  cache.put(answer("d", 100));
  EXPECT_EQ(cache.find("b", kNow), nullptr);
  for (const auto* key : {"a", "c", "d"}) EXPECT_NE(cache.find(key, kNow), nullptr) << key;
}

TEST(ProxyCacheTest, WhatIsTooLargeIsNotKeptAndPushesNobodyOut) {
  ProxyCache cache(1000);
  cache.put(answer("a", 100));
  cache.put(answer("b", 1000));
  EXPECT_EQ(cache.find("b", kNow), nullptr);
  EXPECT_NE(cache.find("a", kNow), nullptr);
  ProxyCache none(0);
  none.put(answer("a", 0));
  EXPECT_EQ(none.size(), 0u);
}

TEST(ProxyCacheTest, EntriesAreBounded) {
  ProxyCache cache(100'000'000);
  for (std::size_t i = 0; i < ProxyCache::kMaxEntries + 10; ++i) cache.put(answer(std::to_string(i), 1));
  EXPECT_EQ(cache.size(), ProxyCache::kMaxEntries);
  EXPECT_EQ(cache.find("9", kNow), nullptr);
  EXPECT_NE(cache.find("10", kNow), nullptr);
}

TEST(ProxyCacheTest, StaleAnswersStayOnlyWithAValidator) {
  ProxyCache cache(10'000);
  cache.put(answer("plain", 1));
  cache.put(answer("tagged", 1, "\"x\""));
  EXPECT_EQ(cache.find("plain", kNow + 60s), nullptr);
  EXPECT_EQ(cache.size(), 1u);
  ASSERT_NE(cache.find("tagged", kNow + 60s), nullptr);
  cache.refresh("tagged", kNow + 120s);
  cache.refresh("nobody", kNow + 120s);
  EXPECT_EQ(cache.find("tagged", kNow + 60s)->fresh_until, kNow + 120s);
}

}  // namespace
}  // namespace qeaas::coap
