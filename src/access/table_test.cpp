// SPDX-License-Identifier: GPL-3.0-or-later
// Look-ups by every kind of credential, and that they allocate nothing.
#include "access/table.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "access/test_folder.hpp"
#include "base/hex.hpp"
#include "crypto/hash.hpp"

namespace {
thread_local std::size_t allocations = 0;
}
// Counted for the whole test program; the tests look at differences.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace qeaas::access {
namespace {

Record record(std::int64_t id, CredentialKind kind, const std::string& credential) {
  Record made;
  made.identity.id = id;
  made.identity.name = "n" + std::to_string(id);
  made.identity.kind = kind;
  made.identity.credential = credential;
  if (kind == CredentialKind::psk) made.key = SecretBytes(pattern_bytes(32, static_cast<std::uint8_t>(id)));
  return made;
}

Digest digest(std::uint8_t first) { return sha256(fake_spki(first)); }

std::vector<Record> sample() {
  std::vector<Record> records;
  records.push_back(record(5, CredentialKind::psk, "zebra"));
  records.push_back(record(1, CredentialKind::anonymous, ""));
  records.push_back(record(2, CredentialKind::psk, "ape"));
  records.push_back(record(3, CredentialKind::certificate, to_hex(digest(3))));
  records.push_back(record(7, CredentialKind::certificate, to_hex(digest(8))));
  records.push_back(record(9, CredentialKind::raw_public_key, to_hex(digest(3))));
  records.push_back(record(11, CredentialKind::token, to_hex(digest(4))));
  return records;
}

TEST(Table, FindsEachKindAndOnlyThatKind) {
  const Table table(sample(), {}, nullptr);
  ASSERT_NE(table.find_psk("ape"), nullptr);
  EXPECT_EQ(table.find_psk("ape")->identity.id, 2);
  EXPECT_TRUE(std::ranges::equal(table.find_psk("zebra")->key.span(), pattern_bytes(32, 5)));
  EXPECT_EQ(table.find_certificate(digest(3))->identity.id, 3);
  EXPECT_EQ(table.find_certificate(digest(8))->identity.id, 7);
  EXPECT_EQ(table.find_raw_public_key(digest(3))->identity.id, 9);
  EXPECT_EQ(table.find_token(digest(4))->identity.id, 11);
  EXPECT_EQ(table.find(7)->identity.name, "n7");
  EXPECT_EQ(table.anonymous().identity.id, kAnonymousId);
}

TEST(Table, StrangersAreNobody) {
  const Table table(sample(), {}, nullptr);
  for (const auto* text : {"", "ap", "apes", "aardvark", "zebras", "n2"}) EXPECT_EQ(table.find_psk(text), nullptr) << text;
  EXPECT_EQ(table.find_psk(std::string(5000, 'z')), nullptr);
  EXPECT_EQ(table.find_certificate(digest(4)), nullptr);  // that is a token's
  EXPECT_EQ(table.find_raw_public_key(digest(8)), nullptr);
  EXPECT_EQ(table.find_token(digest(3)), nullptr);
  EXPECT_EQ(table.find(4), nullptr);
  EXPECT_EQ(table.find(99), nullptr);
}

TEST(Table, LookUpsAllocateNothing) {
  const Table table(sample(), {}, nullptr);
  const auto unknown = digest(77);
  const std::string_view name = "an identity that is longer than a short string";
  const auto before = allocations;
  const void* found = table.find_psk(name);
  found = found == nullptr ? table.find_psk("zebra") : found;
  const bool strangers =
      table.find_certificate(unknown) || table.find_raw_public_key(unknown) || table.find_token(unknown) || table.find(4);
  const auto after = allocations;
  EXPECT_EQ(after, before);
  EXPECT_NE(found, nullptr);
  EXPECT_FALSE(strangers);
  const auto counted = std::make_unique<int>(1);  // the counter does count
  EXPECT_GT(allocations, after);
}

class TakeTest : public FolderTest {};

TEST_F(TakeTest, TakesInsideTheWindowAllocateNothing) {
  const auto access = Access::open(folder_, {1'000'000, 2'000'000, std::uint64_t{1} << 40}, clocks(1'000'000));
  ASSERT_TRUE(access);
  const auto table = (*access)->snapshot();
  const auto& entry = table->anonymous();
  ASSERT_TRUE((*access)->take(entry, 32, at(1'000'000)));  // the first lease of the day
  const auto before = allocations;
  bool taken = true;
  for (int i = 0; i < 1000; ++i) taken = taken && (*access)->take(entry, 32, at(1'000'000));
  Access::give_back({entry, at(1'000'000)}, 32);
  const bool limited = Access::allowance(entry, at(1'000'000)).has_value();
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(taken && limited);
}

TEST(Table, TheDefaultQuotaFillsIn) {
  auto records = sample();
  records[0].identity.quota = Quota{7, 70, 700};
  const Table table(std::move(records), Quota{1000, 2000, 3000}, nullptr);
  EXPECT_EQ(table.find_psk("zebra")->quota, (Quota{7, 70, 700}));
  EXPECT_EQ(table.find_psk("zebra")->rate.burst(), 70U);
  EXPECT_EQ(table.find_psk("ape")->quota, (Quota{1000, 2000, 3000}));
  EXPECT_EQ(table.anonymous().rate.burst(), 2000U);
}

TEST(Table, AccountsOutliveASnapshot) {
  const Table before(sample(), {}, nullptr);
  auto records = sample();
  records.push_back(record(12, CredentialKind::psk, "new"));
  const Table after(std::move(records), {}, &before);
  EXPECT_EQ(after.find(5)->account, before.find(5)->account);
  ASSERT_NE(after.find(12)->account, nullptr);
  EXPECT_NE(after.find(12)->account, after.find(5)->account);
}

}  // namespace
}  // namespace qeaas::access
