// SPDX-License-Identifier: GPL-3.0-or-later
// The boot seed when power fails, at every word that flash erases or programs. On the host and on a bare Cortex-M3 (tests/bare).
#include "frame/test.hpp"
#include "pool/boot_seed.hpp"
#include "pool/fake_flash.hpp"
#include "pool/test_pool.hpp"

namespace qeaas {
namespace {

constexpr unsigned kWordsOfAStart = 32;  // two writes of 64 bytes: 8 words erased, 8 programmed

void keep_seed(FakeFlash& flash) {
  EntropyPool pool;
  pool.add(Block{1}, 256);
  EXPECT_TRUE(BootSeed(flash).refresh(pool));
}

// Outputs collects the first output of every run that was given any, to see that no two are alike.
struct Outputs {
  std::array<Block, 4> blocks{};
  std::size_t count = 0;

  // start runs a device until its power fails; true when it lived to use its seed.
  bool start(FakeFlash& flash, unsigned power) {
    flash.power = power;
    EntropyPool pool;
    const auto result = BootSeed(flash).start(pool);
    const bool lived = flash.power != 0;
    EXPECT_EQ(lived, result == SeedResult::credited);
    EXPECT_EQ(lived, pool.seeded());
    EXPECT_EQ(pool.extract(blocks[count]), lived);
    count += lived;
    flash.power = FakeFlash::kEndless;
    return lived;
  }

  bool differ() const {
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (blocks[i] == blocks[j]) return false;
    return true;
  }
};

TEST(BootSeedPowerTest, NoCutMakesTwoRunsFromOneSeedOrLosesTheSeed) {
  for (unsigned first = 1; first <= kWordsOfAStart + 1; ++first)
    for (unsigned second = 1; second <= kWordsOfAStart + 1; ++second) {
      FakeFlash flash;
      keep_seed(flash);
      Outputs outputs;
      EXPECT_EQ(outputs.start(flash, first), first > kWordsOfAStart);
      // A start that finds remains of the last one may need fewer words: an empty slot is not wiped again.
      outputs.start(flash, second);
      EXPECT_TRUE(outputs.start(flash, FakeFlash::kEndless));  // there is always a seed
      EXPECT_TRUE(outputs.start(flash, FakeFlash::kEndless));
      EXPECT_TRUE(outputs.differ());
    }
}

TEST(BootSeedPowerTest, ACutInARefreshLeavesOneSeedThatWasNotUsed) {
  for (unsigned power = 1; power <= kWordsOfAStart + 1; ++power) {
    FakeFlash flash;
    keep_seed(flash);
    Outputs outputs;
    EntropyPool pool;
    BootSeed seed(flash);
    EXPECT_EQ(seed.start(pool), SeedResult::credited);
    EXPECT_TRUE(pool.extract(outputs.blocks[outputs.count++]));
    pool.add(Block{2}, 256);
    flash.power = power;
    EXPECT_EQ(seed.refresh(pool), power > kWordsOfAStart);
    EXPECT_TRUE(outputs.start(flash, FakeFlash::kEndless));
    EXPECT_TRUE(outputs.start(flash, FakeFlash::kEndless));
    EXPECT_TRUE(outputs.differ());
  }
}

TEST(BootSeedPowerTest, ACutInTheFirstWriteLeavesFlashThatCountsAsBlankOrGood) {
  for (unsigned power = 1; power <= kWordsOfAStart; ++power) {
    FakeFlash flash;
    EntropyPool pool;
    pool.add(Block{1}, 256);
    flash.power = power;
    BootSeed(flash).refresh(pool);
    flash.power = FakeFlash::kEndless;
    EntropyPool next;
    EXPECT_EQ(BootSeed(flash).start(next), power >= 16 ? SeedResult::credited : SeedResult::absent);
    EXPECT_EQ(next.seeded(), power >= 16);
  }
}

}  // namespace
}  // namespace qeaas
