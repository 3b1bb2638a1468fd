// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/reservoir.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <thread>

namespace qeaas {

class ReservoirProbe {
 public:
  static bool all_wiped(const Reservoir& ring) {
    for (std::size_t i = 0; i < ring.capacity(); ++i) {
      if (std::any_of(ring.slots_[i].block.begin(), ring.slots_[i].block.end(), [](auto byte) { return byte != 0; })) return false;
    }
    return true;
  }
};

namespace {

using Block = std::array<std::uint8_t, kBlockBytes>;

Block block_of(std::uint64_t number) {
  Block block;
  for (std::size_t i = 0; i < block.size(); i += 8) std::memcpy(block.data() + i, &number, 8);
  return block;
}

TEST(Reservoir, GivesBlocksInOrderAndRefusesWhenFull) {
  Reservoir ring(4);
  for (std::uint64_t i = 1; i <= 4; ++i) EXPECT_TRUE(ring.push(block_of(i), 0));
  EXPECT_TRUE(ring.full());
  EXPECT_FALSE(ring.push(block_of(5), 0));
  Block out{};
  for (std::uint64_t i = 1; i <= 4; ++i) {
    EXPECT_TRUE(ring.pop(out, 0));
    EXPECT_EQ(out, block_of(i));
  }
  EXPECT_FALSE(ring.pop(out, 0));
  EXPECT_EQ(ring.size(), 0U);
}

TEST(Reservoir, LowMeansHalfOrLess) {
  Reservoir ring(4);
  EXPECT_TRUE(ring.low());
  for (std::uint64_t i = 0; i < 2; ++i) ring.push(block_of(i), 0);
  EXPECT_TRUE(ring.low());
  ring.push(block_of(3), 0);
  EXPECT_FALSE(ring.low());
}

TEST(Reservoir, WipesASlotAsSoonAsItsBlockIsTaken) {
  Reservoir ring(4);
  ring.push(block_of(0x1111), 0);
  EXPECT_FALSE(ReservoirProbe::all_wiped(ring));
  Block out{};
  ring.pop(out, 0);
  EXPECT_TRUE(ReservoirProbe::all_wiped(ring));
}

TEST(Reservoir, PurgeWipesEverything) {
  Reservoir ring(4);
  for (std::uint64_t i = 1; i <= 3; ++i) ring.push(block_of(i), 0);
  ring.purge();
  EXPECT_TRUE(ReservoirProbe::all_wiped(ring));
  EXPECT_EQ(ring.size(), 0U);
  EXPECT_TRUE(ring.push(block_of(9), 0));
}

TEST(Reservoir, NeverGivesOutAnOlderGenerationAndWipesIt) {
  Reservoir ring(8);
  for (std::uint64_t i = 1; i <= 3; ++i) ring.push(block_of(i), 6);
  ring.push(block_of(4), 7);
  Block out{};
  EXPECT_TRUE(ring.pop(out, 7));
  EXPECT_EQ(out, block_of(4));
  EXPECT_TRUE(ReservoirProbe::all_wiped(ring));
  ring.push(block_of(5), 7);
  out = {};
  EXPECT_FALSE(ring.pop(out, 8));
  EXPECT_EQ(out, Block{});
  EXPECT_TRUE(ReservoirProbe::all_wiped(ring));
}

// One pusher that also purges, one popper: every block arrives whole, at most once and in order.
TEST(Reservoir, PusherPurgerAndPopperAtOnce) {
  constexpr std::uint64_t kBlocks = 100'000;
  Reservoir ring(16);
  std::atomic<bool> done{false};
  std::thread pusher([&] {
    for (std::uint64_t i = 1; i <= kBlocks; ++i) {
      while (!ring.push(block_of(i), 0)) std::this_thread::yield();
      if (i % 1000 == 0) ring.purge();
    }
    done.store(true);
  });
  std::uint64_t last = 0;
  std::uint64_t got = 0;
  for (;;) {
    const bool finished = done.load();
    Block out{};
    if (!ring.pop(out, 0)) {
      if (finished) break;
      std::this_thread::yield();
      continue;
    }
    std::uint64_t number = 0;
    std::memcpy(&number, out.data(), 8);
    ASSERT_EQ(out, block_of(number));
    ASSERT_GT(number, last);
    last = number;
    ++got;
  }
  pusher.join();
  EXPECT_LE(got, kBlocks);
  EXPECT_GE(got, kBlocks - 100 * 16);  // a purge takes at most a ring
  EXPECT_TRUE(ReservoirProbe::all_wiped(ring));
}

}  // namespace
}  // namespace qeaas
