// SPDX-License-Identifier: GPL-3.0-or-later
// Identities added, changed, removed and counted; every refusal; another process beside us.
#include "access/store.hpp"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <string>

#include "access/schema.hpp"
#include "access/test_folder.hpp"

namespace qeaas::access {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class StoreTest : public FolderTest {
 protected:
  Store open() const { return std::move(*Store::open(folder_, {0ms})); }
  // edit changes the file behind the store's back, as a person with sqlite3 would.
  void edit(const char* sql) const {
    const auto connection = open_database(database(), 0ms);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(execute(connection->get(), "db", sql));
  }
  bool file_holds(const std::vector<std::uint8_t>& bytes) const {
    for (const auto* suffix : {"", "-wal"}) {
      std::ifstream file(database().string() + suffix, std::ios::binary);
      const std::string content{std::istreambuf_iterator<char>(file), {}};
      if (content.find(std::string(bytes.begin(), bytes.end())) != std::string::npos) return true;
    }
    return false;
  }
  template <class T>
  static void expect_fault(const Outcome<T>& outcome, Error error, const std::string& words) {
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().error, error);
    EXPECT_THAT(outcome.error().text, HasSubstr(words));
  }
};

TEST_F(StoreTest, BeginsWithAnonymousAlone) {
  auto store = open();
  const auto identities = store.list();
  ASSERT_TRUE(identities);
  ASSERT_EQ(identities->size(), 1U);
  EXPECT_EQ(identities->front().id, kAnonymousId);
  EXPECT_EQ(identities->front().name, kAnonymousName);
  EXPECT_EQ(identities->front().kind, CredentialKind::anonymous);
  EXPECT_TRUE(identities->front().enabled);
  EXPECT_EQ(identities->front().quota, std::nullopt);
  EXPECT_EQ(identities->front().last_seen, std::nullopt);
}

TEST_F(StoreTest, KeepsWhatWasAddedOverAReopening) {
  {
    auto store = open();
    ASSERT_TRUE(store.add("sensor 7", psk("dev-7", 9), Quota{100, 200, 300}));
    ASSERT_TRUE(store.add("laptop", *Credential::certificate(fake_spki(3))));
  }
  auto store = open();
  const auto records = store.load();
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 3U);
  const auto& sensor = (*records)[1];
  EXPECT_EQ(sensor.identity.name, "sensor 7");
  EXPECT_EQ(sensor.identity.credential, "dev-7");
  EXPECT_EQ(sensor.identity.quota, (Quota{100, 200, 300}));
  EXPECT_TRUE(std::ranges::equal(sensor.key.span(), pattern_bytes(32, 9)));
  EXPECT_TRUE((*records)[2].key.empty());
  EXPECT_EQ(store.find("laptop")->credential, Credential::certificate(fake_spki(3))->text());
}

TEST_F(StoreTest, ANameAndACredentialExistOnce) {
  auto store = open();
  ASSERT_TRUE(store.add("a", psk("one")));
  expect_fault(store.add("a", psk("two")), Error::in_use, "the name 'a' or this credential is taken");
  expect_fault(store.add("b", psk("one")), Error::in_use, "taken");
  // The same key as certificate and as raw key are two ways of proving it.
  ASSERT_TRUE(store.add("c", *Credential::certificate(fake_spki(1))));
  ASSERT_TRUE(store.add("d", *Credential::raw_public_key(fake_spki(1))));
}

TEST_F(StoreTest, ChecksNameAndQuota) {
  auto store = open();
  expect_fault(store.add("", psk("one")), Error::out_of_range, "1 to 64 bytes");
  expect_fault(store.add("a", psk("one"), Quota{0, 9, 0}), Error::out_of_range, "burst_bytes");
  ASSERT_TRUE(store.add("a", psk("one")));
  expect_fault(store.set_quota("a", Quota{kMaxBytesPerSecond + 1, 0, 0}), Error::out_of_range, "bytes_per_second");
}

TEST_F(StoreTest, UnknownNamesAreNotFound) {
  auto store = open();
  expect_fault(store.find("ghost"), Error::not_found, "no identity is named 'ghost'");
  expect_fault(store.set_enabled("ghost", false), Error::not_found, "ghost");
  expect_fault(store.set_quota("ghost", {}), Error::not_found, "ghost");
  expect_fault(store.rotate("ghost", psk("x")), Error::not_found, "ghost");
  expect_fault(store.remove("ghost"), Error::not_found, "ghost");
}

TEST_F(StoreTest, DisableEnableAndQuota) {
  auto store = open();
  ASSERT_TRUE(store.add("a", psk("one")));
  ASSERT_TRUE(store.set_enabled("a", false));
  EXPECT_FALSE(store.find("a")->enabled);
  ASSERT_TRUE(store.set_enabled("a", true));
  EXPECT_TRUE(store.find("a")->enabled);
  ASSERT_TRUE(store.set_quota("a", Quota{1, 2, 3}));
  EXPECT_EQ(store.find("a")->quota, (Quota{1, 2, 3}));
  ASSERT_TRUE(store.set_quota("a", std::nullopt));
  EXPECT_EQ(store.find("a")->quota, std::nullopt);
}

TEST_F(StoreTest, RotationReplacesTheKeyAndLeavesNoTraceOfTheOld) {
  auto store = open();
  const auto old_key = pattern_bytes(32, 100);
  ASSERT_TRUE(store.add("a", psk("one", 100)));
  EXPECT_TRUE(file_holds(old_key));
  ASSERT_TRUE(store.rotate("a", psk("one", 50)));
  EXPECT_TRUE(std::ranges::equal((*store.load())[1].key.span(), pattern_bytes(32, 50)));
  EXPECT_FALSE(file_holds(old_key));
}

TEST_F(StoreTest, RotationEndsOldSessionsAndKeepsTheAccounts) {
  auto store = open();
  const auto id = store.add("a", psk("one"), Quota{100, 200, 300});
  const auto other = store.add("b", psk("two"));
  ASSERT_TRUE(id && other);
  const std::vector<Usage> usage{{*id, 10, WallTime(1000s), 77}};
  ASSERT_TRUE(store.record_usage(usage));
  EXPECT_EQ(store.lease(*id, 20'000, 10, 40, 300), 40U);
  ASSERT_TRUE(store.rotate("a", psk("one", 50)));
  const auto records = store.load();
  ASSERT_EQ(records->size(), 3U);
  const auto& rotated = records->back();
  EXPECT_GT(rotated.identity.id, *other);
  EXPECT_EQ(rotated.identity.name, "a");
  EXPECT_EQ(rotated.identity.quota, (Quota{100, 200, 300}));
  EXPECT_EQ(rotated.identity.bytes_served, 10U);
  EXPECT_EQ(rotated.balance.bucket_ns, 77);
  EXPECT_EQ(rotated.balance.leased_bytes, 40U);
  const auto next = store.add("c", psk("three"));
  ASSERT_TRUE(next);
  EXPECT_GT(*next, rotated.identity.id);
}

TEST_F(StoreTest, RotationKeepsTheKindAndRefusesAnothersCredential) {
  auto store = open();
  ASSERT_TRUE(store.add("a", psk("one")));
  ASSERT_TRUE(store.add("b", psk("two")));
  expect_fault(store.rotate("a", *Credential::token(pattern_bytes(32, 0))), Error::refused, "'a' has a psk; it cannot become a token");
  expect_fault(store.rotate("a", psk("two")), Error::in_use, "belongs to another identity");
  expect_fault(store.rotate("anonymous", psk("three")), Error::refused, "cannot become a psk");
}

TEST_F(StoreTest, RemovalForgetsTheKeyAndNeverReusesTheId) {
  auto store = open();
  const auto first = store.add("a", psk("one", 77));
  ASSERT_TRUE(first);
  ASSERT_TRUE(store.remove("a"));
  EXPECT_FALSE(file_holds(pattern_bytes(32, 77)));
  const auto second = store.add("a", psk("one"));
  ASSERT_TRUE(second);
  EXPECT_GT(*second, *first);
  expect_fault(store.remove("anonymous"), Error::refused, "disable it instead");
}

TEST_F(StoreTest, TokensAreStoredAsHashesOnly) {
  auto store = open();
  const auto token = pattern_bytes(40, 'A');
  ASSERT_TRUE(store.add("t", *Credential::token(token)));
  EXPECT_FALSE(file_holds(token));
}

TEST_F(StoreTest, DataVersionChangesWithOthersWritesOnly) {
  auto store = open();
  auto other = open();
  const auto before = store.data_version();
  ASSERT_TRUE(before);
  ASSERT_TRUE(store.add("mine", psk("one")));
  EXPECT_EQ(*store.data_version(), *before);
  ASSERT_TRUE(other.add("theirs", psk("two")));
  EXPECT_NE(*store.data_version(), *before);
}

TEST_F(StoreTest, AHandEditedRowIsNamed) {
  auto store = open();
  ASSERT_TRUE(store.add("a", psk("one")));
  edit("UPDATE identity SET psk_key = x'0011' WHERE name = 'a'");
  expect_fault(store.load(), Error::malformed, "the entry 'a' is not valid (the PSK has 2 bytes");
  expect_fault(store.find("a"), Error::malformed, "remove it and add it again");
  ASSERT_TRUE(store.remove("a"));
  EXPECT_TRUE(store.load());
  edit("INSERT INTO identity (name, kind, credential) VALUES ('b', 'token', 'zz')");
  expect_fault(store.list(), Error::malformed, "64 hexadecimal digits");
  edit("UPDATE identity SET name = 'c' || char(7) WHERE name = 'b'");
  expect_fault(store.list(), Error::malformed, "control character");
  edit("DELETE FROM identity WHERE kind = 'token'; UPDATE identity SET bytes_per_second = 0, burst_bytes = 7, bytes_per_day = 0");
  expect_fault(store.list(), Error::malformed, "give both or neither");
}

TEST_F(StoreTest, AnUnknownKindIsNamed) {
  auto store = open();
  edit("PRAGMA ignore_check_constraints = ON; INSERT INTO identity (name, kind, credential) VALUES ('b', 'smell', 'zz')");
  expect_fault(store.list(), Error::malformed, "unknown kind");
}

TEST_F(StoreTest, AnotherProcessWritingIsReported) {
  auto store = open();
  const auto other = open_database(database(), 0ms);
  ASSERT_TRUE(other);
  const Transaction held(other->get());
  ASSERT_TRUE(held.begun());
  expect_fault(store.add("a", psk("one")), Error::in_use, "held by another process");
  expect_fault(store.record_usage({}), Error::in_use, "held by another process");
  expect_fault(store.claim(), Error::in_use, "held by another process");
  EXPECT_EQ(store.write_bucket(kAnonymousId, 1), tl::make_unexpected(Error::in_use));
  EXPECT_EQ(store.lease(kAnonymousId, 1, 1, 1, 10), tl::make_unexpected(Error::in_use));
}

TEST_F(StoreTest, ADroppedTableIsAFaultEverywhere) {
  auto store = open();
  edit("DROP TABLE identity");
  EXPECT_FALSE(store.list());
  EXPECT_FALSE(store.find("anonymous"));
  EXPECT_FALSE(store.add("a", psk("one")));
  EXPECT_FALSE(store.rotate("a", psk("one")));
  EXPECT_FALSE(store.set_enabled("anonymous", false));
  const std::vector<Usage> usage{{kAnonymousId, 1, WallTime{}, 0}};
  EXPECT_FALSE(store.record_usage(usage));
  EXPECT_FALSE(store.claim());
  EXPECT_FALSE(store.write_bucket(kAnonymousId, 1));
  EXPECT_EQ(store.lease(kAnonymousId, 1, 1, 1, 10), tl::make_unexpected(Error::io));
}

TEST_F(StoreTest, UsageAddsUpAndSkipsTheRemoved) {
  auto store = open();
  const WallTime early(1000s);
  const WallTime late(2000s);
  const std::vector<Usage> first{{kAnonymousId, 10, late, 7, true}, {999, 5, late, 0}};
  const std::vector<Usage> second{{kAnonymousId, 7, early, 8}};
  ASSERT_TRUE(store.record_usage(first));
  ASSERT_TRUE(store.record_usage(second));
  EXPECT_EQ(store.find("anonymous")->bytes_served, 17U);
  EXPECT_EQ(store.find("anonymous")->last_seen, late);  // the later of the two
}

TEST_F(StoreTest, BytesGivenBackAreNotServed) {
  auto store = open();
  const std::vector<Usage> drawn{{kAnonymousId, 10, WallTime(1000s), 0}};
  const std::vector<Usage> back{{kAnonymousId, -4, WallTime{}, 0}};
  const std::vector<Usage> too_many{{kAnonymousId, -40, WallTime{}, 0}};
  ASSERT_TRUE(store.record_usage(drawn));
  ASSERT_TRUE(store.record_usage(back));
  EXPECT_EQ(store.find("anonymous")->bytes_served, 6U);
  EXPECT_EQ(store.find("anonymous")->last_seen, WallTime(1000s));
  ASSERT_TRUE(store.record_usage(too_many));
  EXPECT_EQ(store.find("anonymous")->bytes_served, 0U);
}

TEST_F(StoreTest, ALevelIsSettledUntilAServerClaimsIt) {
  auto store = open();
  const std::vector<Usage> exact{{kAnonymousId, 0, WallTime{}, 77, true}};
  ASSERT_TRUE(store.record_usage(exact));
  EXPECT_EQ(store.find("anonymous")->last_seen, std::nullopt);
  const auto claimed = store.claim();
  ASSERT_TRUE(claimed);
  EXPECT_TRUE(claimed->front().balance.settled);
  EXPECT_EQ(claimed->front().balance.bucket_ns, 77);
  EXPECT_FALSE(store.load()->front().balance.settled);
  ASSERT_TRUE(store.write_bucket(kAnonymousId, 78));
  EXPECT_EQ(store.load()->front().balance.bucket_ns, 78);
  EXPECT_EQ(store.write_bucket(999, 1), tl::make_unexpected(Error::not_found));
  ASSERT_TRUE(store.add("new", psk("new")));
  EXPECT_TRUE((*store.load())[1].balance.settled);
}

TEST_F(StoreTest, LeaseDebitsUpToTheAllowance) {
  auto store = open();
  EXPECT_EQ(store.lease(kAnonymousId, 20'000, 10, 40, 100), 40U);
  EXPECT_EQ(store.lease(kAnonymousId, 20'000, 10, 40, 100), 40U);
  EXPECT_EQ(store.lease(kAnonymousId, 20'000, 10, 40, 100), 20U);
  EXPECT_EQ(store.lease(kAnonymousId, 20'000, 1, 40, 100), tl::make_unexpected(Error::over_quota));
  EXPECT_EQ(store.lease(kAnonymousId, 20'000, 1, 40, 50), tl::make_unexpected(Error::over_quota));  // the allowance was lowered
  EXPECT_EQ(store.lease(kAnonymousId, 20'001, 10, 40, 100), 40U);
  EXPECT_EQ(store.lease(999, 20'000, 1, 1, 100), tl::make_unexpected(Error::not_found));
}

TEST_F(StoreTest, ALeaseThatIsTooSmallDebitsNothing) {
  auto store = open();
  EXPECT_EQ(store.lease(kAnonymousId, 1, 10, 95, 100), 95U);
  EXPECT_EQ(store.lease(kAnonymousId, 1, 6, 6, 100), tl::make_unexpected(Error::over_quota));
  EXPECT_EQ(store.lease(kAnonymousId, 1, 5, 5, 100), 5U);
}

TEST_F(StoreTest, AClockSetBackOverMidnightRefillsNothing) {
  auto store = open();
  EXPECT_EQ(store.lease(kAnonymousId, 20'001, 1, 100, 100), 100U);
  EXPECT_EQ(store.lease(kAnonymousId, 20'000, 1, 1, 100), tl::make_unexpected(Error::over_quota));
  EXPECT_EQ(store.lease(kAnonymousId, 20'001, 1, 1, 100), tl::make_unexpected(Error::over_quota));
  EXPECT_EQ(store.lease(kAnonymousId, 20'002, 1, 1, 100), 1U);
}

TEST_F(StoreTest, AClockThatWasFarAheadDoesNotLockForEver) {
  auto store = open();
  EXPECT_EQ(store.lease(kAnonymousId, 30'000, 1, 100, 100), 100U);
  EXPECT_EQ(store.lease(kAnonymousId, 20'000, 1, 60, 100), 60U);
}

}  // namespace
}  // namespace qeaas::access
