// SPDX-License-Identifier: GPL-3.0-or-later
// The pool: what is credited, what comes out, and what somebody who reads its whole memory can and cannot learn.
#include "pool/pool.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <new>
#include <set>
#include <string>
#include <vector>

namespace qeaas {
namespace {

using Block = std::array<std::uint8_t, 32>;

std::vector<std::uint8_t> entropy(std::uint8_t begin, std::size_t size = 32) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(begin + 7 * i);
  return bytes;
}

Block drawn(EntropyPool& pool) {
  Block out{};
  EXPECT_TRUE(pool.extract(out));
  return out;
}

bool holds(std::span<const std::uint8_t> memory, std::span<const std::uint8_t> secret) {
  return std::search(memory.begin(), memory.end(), secret.begin(), secret.end()) != memory.end();
}

// Held is a pool in memory that the test can read, also after its end.
struct Held {
  alignas(EntropyPool) std::array<std::uint8_t, sizeof(EntropyPool)> room{};
  EntropyPool* pool = new (room.data()) EntropyPool;
};

TEST(EntropyPoolTest, GivesNothingBeforeItIsSeeded) {
  EntropyPool pool;
  Block out;
  out.fill(0xaa);
  EXPECT_FALSE(pool.extract(out));
  EXPECT_EQ(out, Block{});
  pool.mix(entropy(1, 1000));  // however much is mixed
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
  pool.add(entropy(1, 4), 10'000);  // four bytes are 32 bits at most
  EXPECT_EQ(pool.pending_bits(), 32U);
  pool.credit(~0U);
  EXPECT_EQ(pool.pending_bits(), 0U);
  EXPECT_EQ(pool.level_bits(), kPoolStateBits);
  EXPECT_EQ(pool.reseeds(), 1U);
  EntropyPool paper({.full_bits = 512, .low_bits = 128});
  paper.add(entropy(1, 64), 512);
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
  EntropyPool pool;
  pool.add(entropy(1), 256);
  std::set<std::string> seen;
  for (std::size_t size = 1; size <= 256; ++size) {
    std::vector<std::uint8_t> out(size + 32);
    ASSERT_TRUE(pool.extract(std::span(out).first(size + 16)));
    EXPECT_TRUE(std::all_of(out.end() - 16, out.end(), [](auto byte) { return byte == 0; }));  // not one byte beyond
    for (std::size_t at = 0; at + 16 <= size + 16; at += 16) EXPECT_TRUE(seen.emplace(out.begin() + at, out.begin() + at + 16).second);
  }
}

TEST(EntropyPoolTest, TheSameInputsGiveTheSameOutputsAndAnyDifferenceOthers) {
  const auto first_block = [](std::uint8_t mixed, std::uint8_t credited) {
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
  for (std::uint8_t i = 0; i < 31; ++i) {
    fed.add(entropy(i, 1), 8);
    EXPECT_EQ(drawn(fed), drawn(known)) << "the stranger could have guessed byte " << int{i} << " from this output alone";
  }
  fed.add(entropy(31, 1), 8);
  EXPECT_EQ(fed.reseeds(), 2U);
  EXPECT_NE(drawn(fed), drawn(known));
}

TEST(EntropyPoolTest, AReseedKeepsWhatTheKeyHadWhenTheNewEntropyIsWorthless) {
  EntropyPool good, other;
  good.add(entropy(1), 256);
  other.add(entropy(2), 256);
  for (auto* pool : {&good, &other}) pool->add(std::vector<std::uint8_t>(32, 0), 256);  // wrongly credited
  EXPECT_NE(drawn(good), drawn(other));
}

TEST(EntropyPoolTest, TheWholeStateAfterAnExtractionLeadsToNothingEarlier) {
  Held held;
  held.pool->mix(entropy(40, 70));  // into the block buffer, and beyond
  held.pool->add(entropy(1), 256);
  std::vector<Block> earlier;
  std::vector<std::array<std::uint8_t, sizeof(EntropyPool)>> states;
  for (int i = 0; i < 5; ++i) {
    states.push_back(held.room);
    earlier.push_back(drawn(*held.pool));
  }
  // A stranger takes everything. What went in and what came out is in none of it, block buffers included.
  for (const auto& output : earlier) EXPECT_FALSE(holds(held.room, std::span(output).first(8)));
  for (const auto& input : {entropy(40, 70), entropy(1)})
    for (std::size_t at = 0; at + 8 <= input.size(); at += 8) EXPECT_FALSE(holds(held.room, std::span(input).subspan(at, 8)));
  // No 8 bytes of an earlier key are left either, although everything else about the pool has stayed where it was.
  const auto key_in = [](const auto& state, const auto& next) {
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < state.size(); ++i)
      if (state[i] != next[i]) changed.push_back(i);
    return changed;
  };
  for (const auto& state : states) {
    const auto changed = key_in(state, held.room);
    ASSERT_GE(changed.size(), 24U);  // the key, whose bytes differ but by chance
    EXPECT_FALSE(holds(held.room, std::span(state).subspan(changed.front(), 8)));
  }
  // What the stranger can do is what the pool does: go on from here.
  Held copy;
  std::memcpy(copy.room.data(), held.room.data(), held.room.size());
  EXPECT_EQ(drawn(*copy.pool), drawn(*held.pool));
  copy.pool->~EntropyPool();
  held.pool->~EntropyPool();
}

TEST(EntropyPoolTest, InputLeavesTheBlockBufferWithTheReseed) {
  Held held;
  const auto secret = entropy(77, 24);
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
  const auto secrets = std::span(held.room).first(sizeof(Blake2s) + EntropyPool::kKeyBytes);
  EXPECT_TRUE(std::all_of(secrets.begin(), secrets.end(), [](auto byte) { return byte == 0; }));
}

}  // namespace
}  // namespace qeaas
