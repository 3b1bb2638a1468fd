// SPDX-License-Identifier: GPL-3.0-or-later
// The boot seed: what is stored, what a start makes of it, and what happens when the storage fails. Power cuts are in
// boot_seed_power_test.cpp. On the host and on a bare Cortex-M3 (tests/bare).
#include "pool/boot_seed.hpp"

#include <algorithm>
#include <new>

#include "frame/test.hpp"
#include "pool/fake_flash.hpp"
#include "pool/test_pool.hpp"

namespace qeaas {
namespace {

using Fault = FakeFlash::Fault;

Block filled(std::uint8_t with) {
  Block block;
  block.fill(with);
  return block;
}

// first_of is what a pool that has nothing but the stored seed gives first. The seed must have been credited.
Block first_of(FakeFlash& flash) {
  EntropyPool pool;
  EXPECT_EQ(BootSeed(flash).start(pool), SeedResult::credited);
  return drawn(pool);
}

// mixed_in says whether a start, credited or not, changes what a pool seeded from elsewhere gives.
bool mixed_in(FakeFlash& flash, SeedResult expected) {
  EntropyPool pool, without;
  EXPECT_EQ(BootSeed(flash).start(pool), expected);
  EXPECT_EQ(pool.pending_bits(), 0U);
  EXPECT_EQ(pool.seeded(), expected == SeedResult::credited);
  for (auto* each : {&pool, &without}) each->add(filled(7), 256);
  return drawn(pool) != drawn(without);
}

void keep_seed_of(FakeFlash& flash, std::uint8_t entropy = 1) {
  EntropyPool pool;
  pool.add(filled(entropy), 256);
  EXPECT_TRUE(BootSeed(flash).refresh(pool));
  flash.writes = 0;
}

bool usable(const FakeFlash& flash, unsigned slot) { return SeedRecord().parse(flash.slots[slot]); }

TEST(SeedRecordTest, IsWhatTheHeaderSays) {
  SeedRecord record;
  record.generation = 0x01020304;
  record.seed = filled(9);
  std::array<std::uint8_t, kSeedRecordBytes> bytes;
  record.encode(bytes);
  const std::array<std::uint8_t, 16> head{'Q', 'S', 'E', 'D', 1, 32, 0, 0, 4, 3, 2, 1, 0, 0, 0, 0};
  EXPECT_TRUE(std::equal(head.begin(), head.end(), bytes.begin()));
  EXPECT_TRUE(std::equal(record.seed.begin(), record.seed.end(), bytes.begin() + 16));
  SeedRecord back;
  EXPECT_TRUE(back.parse(bytes));
  EXPECT_EQ(back.generation, record.generation);
  EXPECT_EQ(back.seed, record.seed);
}

TEST(SeedRecordTest, AnyBitThatIsWrongMakesItUnusableAndLeavesNoSeed) {
  SeedRecord record;
  record.seed = filled(9);
  std::array<std::uint8_t, kSeedRecordBytes> bytes;
  record.encode(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    SeedRecord back;
    back.seed = filled(1);
    EXPECT_FALSE(back.parse(bytes));
    EXPECT_EQ(back.seed, Block{});
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  }
}

TEST(SeedRecordTest, WhatAnotherVersionMightPutIntoTheReservedBytesIsRefusedEvenWithItsTag) {
  constexpr std::array<std::uint8_t, 13> kName{'b', 'o', 'o', 't', ' ', 's', 'e', 'e', 'd', ' ', 't', 'a', 'g'};
  for (const std::size_t at : {0U, 4U, 5U, 6U, 7U, 12U, 15U, 8U}) {
    std::array<std::uint8_t, kSeedRecordBytes> bytes;
    SeedRecord().encode(bytes);
    bytes[at] ^= 1;
    Block tag;
    Blake2s(kName).update(std::span(bytes).first(48)).finish(tag);
    std::copy_n(tag.begin(), 16, bytes.begin() + 48);
    EXPECT_EQ(SeedRecord().parse(bytes), at == 8);  // the generation may be anything
  }
}

TEST(SeedRecordTest, GenerationsWrap) {
  SeedRecord a, b;
  a.generation = 0;
  b.generation = 0xffff'ffff;
  EXPECT_TRUE(a.newer_than(b));
  EXPECT_FALSE(b.newer_than(a));
  EXPECT_FALSE(a.newer_than(a));
}

TEST(BootSeedTest, BlankOrForeignFlashGivesNothingAndIsNotWritten) {
  for (const int content : {0xff, 0x00, 0x51}) {
    FakeFlash flash;
    for (auto& slot : flash.slots) slot.fill(static_cast<std::uint8_t>(content));
    EXPECT_FALSE(mixed_in(flash, SeedResult::absent));
    EXPECT_EQ(flash.writes, 0U);
    flash.unreadable = 0;
    EXPECT_FALSE(mixed_in(flash, SeedResult::absent));
  }
}

TEST(BootSeedTest, AnUnseededPoolWithoutASeedHasNothingToStore) {
  FakeFlash flash;
  EntropyPool pool;
  pool.add(filled(3), 255);
  BootSeed seed(flash);
  EXPECT_FALSE(seed.refresh(pool));
  EXPECT_EQ(flash.writes, 0U);
  EXPECT_EQ(pool.pending_bits(), 255U);
}

TEST(BootSeedTest, AStoredSeedSeedsThePoolOnceAndIsReplaced) {
  FakeFlash flash;
  keep_seed_of(flash);
  const auto before = flash.slots;
  EntropyPool pool;
  BootSeed seed(flash);
  EXPECT_EQ(seed.start(pool), SeedResult::credited);
  EXPECT_TRUE(pool.seeded());
  EXPECT_EQ(pool.reseeds(), 1U);
  EXPECT_EQ(seed.start(pool), SeedResult::absent);  // a second time gives no second credit
  EXPECT_EQ(pool.reseeds(), 1U);
  const auto old_seed = std::span(before[0]).subspan(16, 32);
  for (const auto& slot : flash.slots)
    for (std::size_t at = 0; at < 32; at += 4) EXPECT_FALSE(holds(slot, old_seed.subspan(at, 4)));
  SeedRecord next;
  EXPECT_TRUE(next.parse(flash.slots[1]));
  EXPECT_EQ(next.generation, 2U);
  EXPECT_FALSE(usable(flash, 0));
}

TEST(BootSeedTest, EveryStartGivesAStreamOfItsOwn) {
  FakeFlash flash;
  keep_seed_of(flash);
  std::array<Block, 20> seen{};
  for (auto& block : seen) block = first_of(flash);
  std::sort(seen.begin(), seen.end());
  EXPECT_TRUE(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST(BootSeedTest, TheSuccessorTellsNothingOfWhatIsUsed) {
  // Both are derived from the seed with labels of their own, so nothing but the seed, which is gone, leads from one to the other.
  FakeFlash flash;
  keep_seed_of(flash);
  Block seed, credited, successor, nothing_mixed, forked;
  std::copy_n(flash.slots[0].begin() + 16, 32, seed.begin());
  Blake2s(seed).update(std::array<std::uint8_t, 1>{1}).finish(credited);
  Blake2s().finish(nothing_mixed);
  Blake2s(nothing_mixed).update(std::array<std::uint8_t, 5>{3}).finish(forked);
  Blake2s(seed).update(std::array<std::uint8_t, 1>{0}).update(forked).finish(successor);
  EntropyPool pool;
  EXPECT_EQ(BootSeed(flash).start(pool), SeedResult::credited);
  EXPECT_TRUE(std::equal(successor.begin(), successor.end(), flash.slots[1].begin() + 16));
  EXPECT_NE(successor, credited);
}

TEST(BootSeedTest, PolicyMayMixWithoutCredit) {
  FakeFlash flash;
  keep_seed_of(flash);
  EntropyPool pool, other;
  EXPECT_EQ(BootSeed(flash, {.credit = false}).start(pool), SeedResult::mixed);
  EXPECT_FALSE(pool.seeded());
  EXPECT_EQ(pool.pending_bits(), 0U);
  for (auto* each : {&pool, &other}) each->add(filled(7), 256);
  EXPECT_NE(drawn(pool), drawn(other));
  EXPECT_TRUE(usable(flash, 1));  // the next start has a new one all the same
}

TEST(BootSeedTest, AStorageThatDoesNotTakeTheSuccessorCostsTheCreditButNotTheMixing) {
  for (const auto fault : {Fault::refuses, Fault::ignores, Fault::spoils})
    for (const unsigned at : {0U, 1U, FakeFlash::kEndless}) {
      FakeFlash flash;
      keep_seed_of(flash);
      flash.fault = fault;
      flash.faulty_write = at;  // 0: the successor's; 1: the one that wipes the old record
      EXPECT_TRUE(mixed_in(flash, SeedResult::not_replaced));
      // What was mixed is not what the next start, on a storage that works again, is credited for.
      FakeFlash again;
      keep_seed_of(again);
      const Block credited = first_of(again);
      flash.fault = Fault::none;
      const Block first = first_of(flash);
      EXPECT_EQ(first == credited, at != 1);  // the same seed, used now for the first time
    }
}

TEST(BootSeedTest, WhatWasMixedWithoutCreditWasNeverInThePoolThatIsCredited) {
  FakeFlash flash;
  keep_seed_of(flash);
  Block seed, uncredited;
  std::copy_n(flash.slots[0].begin() + 16, 32, seed.begin());
  Blake2s(seed).update(std::array<std::uint8_t, 1>{2}).finish(uncredited);
  flash.fault = Fault::refuses;
  EntropyPool failed, same;
  EXPECT_EQ(BootSeed(flash).start(failed), SeedResult::not_replaced);
  Block mixed{}, next;  // before it is seeded, a pool that made a stored seed goes on from its accumulator
  Blake2s().finish(mixed);
  Blake2s(mixed).update(std::array<std::uint8_t, 5>{2}).finish(next);
  failed.add(filled(7), 256);
  Block folded, key, output;
  Blake2s(next).update(uncredited).update(filled(7)).finish(folded);
  Blake2s(folded).update(std::array<std::uint8_t, 5>{0}).update(Block{}).finish(key);
  Blake2s(key).update(std::array<std::uint8_t, 5>{1}).finish(output);
  EXPECT_EQ(drawn(failed), output);
}

TEST(BootSeedTest, OfTwoRecordsTheNewerCountsAndADamagedOneDoesNot) {
  const auto with = [](std::uint32_t first, std::uint32_t second) {
    FakeFlash flash;
    SeedRecord record;
    record.generation = first;
    record.seed = filled(1);
    record.encode(flash.slots[0]);
    record.generation = second;
    record.seed = filled(2);
    record.encode(flash.slots[1]);
    return flash;
  };
  auto left = with(5, 4), right = with(4, 5), wrapped = with(0xffff'ffff, 0);
  const Block of_first = first_of(left), of_second = first_of(right);
  EXPECT_NE(of_first, of_second);
  EXPECT_EQ(first_of(wrapped), of_second);
  for (auto* flash : {&left, &right, &wrapped}) EXPECT_NE(usable(*flash, 0), usable(*flash, 1));
  auto damaged = with(4, 5);
  damaged.slots[1][30] ^= 4;
  EXPECT_EQ(first_of(damaged), of_first);
  auto unreadable = with(4, 5);
  unreadable.unreadable = 1;
  EntropyPool pool;
  EXPECT_EQ(BootSeed(unreadable).start(pool), SeedResult::not_replaced);  // the successor could not be read back
}

TEST(BootSeedTest, ARefreshReplacesTheStoredSeedByOneOfTheSeededPool) {
  FakeFlash flash;
  keep_seed_of(flash);
  EntropyPool pool;
  BootSeed seed(flash);
  EXPECT_EQ(seed.start(pool), SeedResult::credited);
  const auto before = flash.slots[1];
  const unsigned level = pool.level_bits();
  pool.add(filled(5), 100);
  EXPECT_TRUE(seed.refresh(pool));
  EXPECT_EQ(pool.level_bits(), level);   // it costs no allowance
  EXPECT_EQ(pool.pending_bits(), 100U);  // and nothing of what waits for a reseed
  EXPECT_FALSE(usable(flash, 1));
  SeedRecord record, old;
  EXPECT_TRUE(record.parse(flash.slots[0]));
  EXPECT_TRUE(old.parse(before));
  EXPECT_EQ(record.generation, 3U);
  EXPECT_NE(record.seed, old.seed);
  EXPECT_NE(record.seed, drawn(pool));
  first_of(flash);
}

TEST(BootSeedTest, StaleAfterTheFirstReseedAndThenOnlyEachSoMany) {
  FakeFlash flash;
  keep_seed_of(flash);
  EntropyPool pool;
  BootSeed seed(flash, {.credit = true, .reseeds_a_write = 3});
  EXPECT_EQ(seed.start(pool), SeedResult::credited);
  EXPECT_FALSE(seed.stale(pool));  // what is stored is as good as what the pool has
  const auto reseed = [&] { pool.add(filled(4), 256); };
  reseed();
  EXPECT_TRUE(seed.stale(pool));
  EXPECT_TRUE(seed.refresh(pool));
  reseed();
  reseed();
  EXPECT_FALSE(seed.stale(pool));
  reseed();
  EXPECT_TRUE(seed.stale(pool));
  flash.fault = Fault::refuses;
  EXPECT_FALSE(seed.refresh(pool));
  EXPECT_FALSE(seed.stale(pool));  // a storage that fails is not tried at every reseed
  EntropyPool other;
  FakeFlash blank;
  BootSeed first(blank, {.credit = true, .reseeds_a_write = 0});
  EXPECT_EQ(first.start(other), SeedResult::absent);
  EXPECT_FALSE(first.stale(other));
  for (int i = 0; i < 3; ++i) {
    other.add(filled(4), 256);
    EXPECT_EQ(first.stale(other), i == 0);
    EXPECT_EQ(i == 0 && first.refresh(other), i == 0);
  }
}

TEST(BootSeedTest, CreditBeforeTheStartIsForgottenSinceTheStoredSeedMayTellIt) {
  FakeFlash flash;
  keep_seed_of(flash);
  EntropyPool pool;
  pool.add(filled(3), 200);
  EXPECT_EQ(BootSeed(flash, {.credit = false}).start(pool), SeedResult::mixed);
  EXPECT_EQ(pool.pending_bits(), 0U);
}

// What is not claimed: an image that is put back, or copied to another device, gives the same seed. Whatever else the devices mix before
// the start sets them apart, then and in the seed that they keep.
TEST(BootSeedTest, ACopiedImageRepeatsUnlessSomethingElseIsMixed) {
  FakeFlash flash;
  keep_seed_of(flash);
  FakeFlash copy = flash, other = flash;
  EXPECT_EQ(first_of(copy), first_of(flash));
  EntropyPool pool;
  pool.mix(filled(99));  // its serial number
  EXPECT_EQ(BootSeed(other).start(pool), SeedResult::credited);
  FakeFlash third;
  keep_seed_of(third);
  EXPECT_NE(drawn(pool), first_of(third));
  EXPECT_FALSE(std::equal(other.slots[1].begin() + 16, other.slots[1].begin() + 48, flash.slots[1].begin() + 16));
}

TEST(BootSeedTest, NoSecretIsLeftInTheObjectNorAfterItsEnd) {
  FakeFlash flash;
  keep_seed_of(flash);
  const auto first = flash.slots[0];
  alignas(BootSeed) std::array<std::uint8_t, sizeof(BootSeed)> room{};
  auto* seed = new (room.data()) BootSeed(flash);
  EntropyPool pool;
  EXPECT_TRUE(seed->load());
  EXPECT_TRUE(holds(room, std::span(first).subspan(16, 32)));  // the test looks in the right place
  EXPECT_TRUE(seed->renew(pool));
  EXPECT_TRUE(seed->store());
  const auto second = flash.slots[1];
  const auto absent = [&](const auto& record) {
    for (std::size_t at = 16; at < 48; at += 4) EXPECT_FALSE(holds(room, std::span(record).subspan(at, 4)));
  };
  absent(second);
  EXPECT_EQ(seed->use(pool), SeedResult::credited);
  absent(first);
  seed->~BootSeed();
  auto* unused = new (room.data()) BootSeed(flash);  // one that ends in the middle
  EXPECT_TRUE(unused->load());
  EXPECT_TRUE(unused->renew(pool));
  unused->~BootSeed();
  absent(second);
  EXPECT_FALSE(holds(room, std::array<std::uint8_t, 4>{'Q', 'S', 'E', 'D'}));
}

}  // namespace
}  // namespace qeaas
