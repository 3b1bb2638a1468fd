// SPDX-License-Identifier: GPL-3.0-or-later
// The pool: what is credited, what comes out, and what somebody who reads its whole memory can and cannot learn.
// These cases run on the host and on a bare Cortex-M3 (tests/bare), so they allocate nothing.
#include "pool/pool.hpp"

#include <algorithm>
#include <new>

#include "frame/stack.hpp"
#include "frame/test.hpp"
#include "pool/test_pool.hpp"

namespace qeaas {
namespace {

template <std::size_t N = 32>
constexpr std::array<std::uint8_t, N> entropy(unsigned begin) {
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::uint8_t>(begin + 7 * i);
  return bytes;
}

bool all_zero(std::span<const std::uint8_t> memory) {
  return std::all_of(memory.begin(), memory.end(), [](auto byte) { return byte == 0; });
}

// Held is a pool in memory that the test can read, also after its end.
struct Held {
  using Room = std::array<std::uint8_t, sizeof(EntropyPool)>;
  alignas(EntropyPool) Room room{};
  EntropyPool* pool = new (room.data()) EntropyPool;

  static Block key(const Room& state) {
    Block key;
    std::copy_n(state.begin() + sizeof(Blake2s), key.size(), key.begin());
    return key;
  }
  std::span<const std::uint8_t> accumulator() const { return std::span(room).first(sizeof(Blake2s)); }
};

TEST(EntropyPoolTest, GivesNothingBeforeItIsSeeded) {
  EntropyPool pool;
  Block out;
  out.fill(0xaa);
  EXPECT_FALSE(pool.extract(out));
  EXPECT_EQ(out, Block{});
  pool.mix(entropy<1000>(1));  // however much is mixed
  EXPECT_FALSE(pool.extract(out));
  pool.add(entropy(2), 255);
  EXPECT_FALSE(pool.seeded());
  EXPECT_TRUE(pool.wants_refill());
  EXPECT_FALSE(pool.extract(out));
  pool.credit(1);
  EXPECT_TRUE(pool.seeded());
  EXPECT_TRUE(pool.extract(out));
  EXPECT_NE(out, Block{});
}

TEST(EntropyPoolTest, CreditSaturatesAtWhatTheStateHoldsAndAtWhatWasGiven) {
  EntropyPool pool;
  pool.add(entropy<4>(1), 10'000);  // four bytes are 32 bits at most
  EXPECT_EQ(pool.pending_bits(), 32U);
  pool.credit(~0U);
  EXPECT_EQ(pool.pending_bits(), 0U);
  EXPECT_EQ(pool.level_bits(), kPoolStateBits);
  EXPECT_EQ(pool.reseeds(), 1U);
  EntropyPool paper({.full_bits = 512, .low_bits = 128});
  paper.add(entropy<64>(1), 512);
  EXPECT_EQ(paper.level_bits(), kPoolStateBits);
}

TEST(EntropyPoolTest, TheLevelFallsWithWhatIsTakenAndTheLowMarkAsksForMore) {
  EntropyPool pool({.full_bits = 256, .low_bits = 128});
  pool.add(entropy(1), 256);
  EXPECT_FALSE(pool.wants_refill());
  std::array<std::uint8_t, 16> out{};
  EXPECT_TRUE(pool.extract(out));
  EXPECT_EQ(pool.level_bits(), 128U);
  EXPECT_FALSE(pool.wants_refill());
  EXPECT_TRUE(pool.extract(std::span(out).first(1)));
  EXPECT_TRUE(pool.wants_refill());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.extract(out));  // a pool that was seeded does not fail
  EXPECT_EQ(pool.level_bits(), 0U);
  pool.add(entropy(9), 256);
  EXPECT_EQ(pool.level_bits(), 256U);
}

TEST(EntropyPoolTest, OutputsOfEverySizeAreOneStreamThatNeverRepeats) {
  using Piece = std::array<std::uint8_t, 16>;
  static std::array<Piece, 2300> seen;
  std::size_t count = 0;
  EntropyPool pool;
  pool.add(entropy(1), 256);
  for (std::size_t size = 16; size <= 272; ++size) {
    std::array<std::uint8_t, 288> out{};
    ASSERT_TRUE(pool.extract(std::span(out).first(size)));
    EXPECT_TRUE(all_zero(std::span(out).subspan(size))) << "not one byte beyond";
    for (std::size_t at = 0; at + 16 <= size; at += 16)
      std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(at), 16, seen[count++].begin());
  }
  EXPECT_GT(count, 2000U);
  const auto end = seen.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(seen.begin(), end);
  EXPECT_TRUE(std::adjacent_find(seen.begin(), end) == end);
}

TEST(EntropyPoolTest, TheSameInputsGiveTheSameOutputsAndAnyDifferenceOthers) {
  const auto first_block = [](unsigned mixed, unsigned credited) {
    EntropyPool pool;
    pool.mix(entropy(mixed));
    pool.add(entropy(credited), 256);
    return drawn(pool);
  };
  EXPECT_EQ(first_block(1, 2), first_block(1, 2));
  EXPECT_NE(first_block(1, 2), first_block(3, 2));  // what is not credited counts too
  EXPECT_NE(first_block(1, 2), first_block(1, 4));
}

TEST(EntropyPoolTest, SmallInjectionsShowOnlyWhenTheyAreWhole) {
  // Two pools with a key that a stranger knows. One of them is fed 8 bits at a time.
  EntropyPool known, fed;
  for (auto* pool : {&known, &fed}) pool->add(entropy(1), 256);
  for (unsigned i = 0; i < 31; ++i) {
    fed.add(entropy<1>(i), 8);
    EXPECT_EQ(drawn(fed), drawn(known)) << "the stranger could have guessed byte " << i << " from this output alone";
  }
  fed.add(entropy<1>(31), 8);
  EXPECT_EQ(fed.reseeds(), 2U);
  EXPECT_NE(drawn(fed), drawn(known));
}

TEST(EntropyPoolTest, AReseedKeepsWhatTheKeyHadWhenTheNewEntropyIsWorthless) {
  EntropyPool good, other;
  good.add(entropy(1), 256);
  other.add(entropy(2), 256);
  for (auto* pool : {&good, &other}) pool->add(Block{}, 256);  // wrongly credited
  EXPECT_NE(drawn(good), drawn(other));
}

// prf is what the pool derives with, written out once more: BLAKE2s(key; use, counter, more).
Block prf(const Block& key, std::uint8_t use, std::uint8_t counter, std::span<const std::uint8_t> more = {}) {
  Block result;
  Blake2s(key).update(std::array<std::uint8_t, 5>{use, counter}).update(more).finish(result);
  return result;
}

TEST(EntropyPoolTest, TheStateAfterAReseedIsWhatTheConstructionSays) {
  Held held;
  const auto first = entropy<70>(40);
  const auto second = entropy(1);
  held.pool->mix(first);
  held.pool->add(second, 256);
  Block folded;
  Blake2s().update(first).update(second).finish(folded);
  EXPECT_EQ(Held::key(held.room), prf(folded, 0, 0, Block{}));
  // The accumulator is that of a new message with a key that tells nothing of what was folded.
  Held other;
  const Block next = prf(folded, 2, 0);
  new (other.room.data()) Blake2s(next);
  EXPECT_TRUE(std::equal(held.accumulator().begin(), held.accumulator().end(), other.accumulator().begin()));
  const Block key = Held::key(held.room);
  held.pool->add(second, 256);
  Blake2s(next).update(second).finish(folded);
  EXPECT_EQ(Held::key(held.room), prf(folded, 0, 1, key));
  held.pool->~EntropyPool();
}

// Forward secrecy, measured: a stranger takes every byte of the pool after an extraction. All that an extraction changes is the key (and
// the level), and the new key and the output are two values of one function of the old key, which is gone: whoever would go from one to the
// other must go through it, that is, invert BLAKE2s or find the old key elsewhere. The cases below look for it elsewhere.
TEST(EntropyPoolTest, AnExtractionLeavesOnlyAOneWayFunctionOfTheOldKey) {
  Held held;
  held.pool->add(entropy(1), 256);
  held.pool->mix(entropy<100>(3));  // waits in the block buffer
  const Held::Room before = held.room;
  std::array<std::uint8_t, 96> out{};
  EXPECT_TRUE(held.pool->extract(out));
  const Block old_key = Held::key(before);
  for (std::uint8_t i = 0; i < 3; ++i)
    EXPECT_TRUE(std::equal(out.begin() + 32 * i, out.begin() + 32 * (i + 1), prf(old_key, 1, i).begin()));
  EXPECT_EQ(Held::key(held.room), prf(old_key, 0, 0));
  EXPECT_TRUE(std::equal(held.accumulator().begin(), held.accumulator().end(), before.begin()));
  held.pool->~EntropyPool();
}

TEST(EntropyPoolTest, NoInputOutputOrEarlierKeyIsLeftInTheState) {
  // Inputs of every length, so that they end everywhere in the block buffer.
  for (std::size_t size = 8; size <= 200; ++size) {
    Held held;
    const auto input = entropy<200>(static_cast<unsigned>(size));
    held.pool->add(std::span(input).first(size), 0);
    held.pool->credit(256);
    std::array<Block, 8> secrets{};
    for (std::size_t i = 0; i < 4; ++i) {
      secrets[2 * i] = Held::key(held.room);
      secrets[2 * i + 1] = drawn(*held.pool);
    }
    for (const auto& secret : secrets)
      for (std::size_t at = 0; at < 32; at += 8) EXPECT_FALSE(holds(held.room, std::span(secret).subspan(at, 8)));
    for (std::size_t at = 0; at + 8 <= size; at += 8) EXPECT_FALSE(holds(held.room, std::span(input).subspan(at, 8)));
    held.pool->~EntropyPool();
  }
}

TEST(EntropyPoolTest, WhoTakesTheStateCanGoOnFromThereAndNoMore) {
  Held held, copy;
  held.pool->add(entropy(1), 256);
  drawn(*held.pool);
  copy.room = held.room;
  EXPECT_EQ(drawn(*copy.pool), drawn(*held.pool));
  held.pool->add(entropy(2), 256);  // which the stranger does not see
  EXPECT_NE(drawn(*copy.pool), drawn(*held.pool));
  copy.pool->~EntropyPool();
  held.pool->~EntropyPool();
}

TEST(EntropyPoolTest, InputLeavesTheBlockBufferWithTheReseed) {
  Held held;
  const auto secret = entropy<24>(77);
  held.pool->add(secret, 192);
  EXPECT_TRUE(holds(held.room, secret));  // it waits there: the test looks in the right place
  held.pool->credit(64);
  EXPECT_FALSE(holds(held.room, std::span(secret).first(8)));
  held.pool->~EntropyPool();
}

TEST(EntropyPoolTest, NothingIsLeftAtTheEnd) {
  Held held;
  held.pool->add(entropy(5), 256);
  held.pool->mix(entropy(6));
  held.pool->~EntropyPool();
  EXPECT_TRUE(all_zero(std::span(held.room).first(sizeof(Blake2s) + EntropyPool::kKeyBytes)));
}

}  // namespace
}  // namespace qeaas
