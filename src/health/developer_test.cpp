// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/developer.hpp"

#include <gtest/gtest.h>

#include "health/reference.hpp"
#include "health/streams_for_test.hpp"

namespace qeaas::health {
namespace {

TEST(Lag, AgreesWithItsDefinition) {
  for (const auto& [sample_bits, h] : {std::pair{1U, 1.0}, std::pair{1U, 0.3}, std::pair{4U, 3.0}, std::pair{8U, 7.5}}) {
    Generator generator(sample_bits);
    LagTest test(bits(h));
    ReferenceLag reference(test.cutoffs(), test.long_cutoffs());
    std::array<int, 3> seen{};
    for (int block = 0; block < 300; ++block) {
      auto samples = good_samples(generator, 1024 * (1 + generator() % 3), sample_bits);
      const std::size_t lag = 1 + generator() % 18;
      const double copied = static_cast<double>(generator() % 64) / 64;
      for (std::size_t i = lag; i < samples.size(); ++i) {
        if (block % 2 == 0 && chance(generator, copied)) samples[i] = samples[i - lag];
      }
      const Severity expected = worst_of(reference, samples);
      ASSERT_EQ(test.examine(samples), expected) << sample_bits << " " << block;
      ++seen[static_cast<std::size_t>(expected)];
    }
    EXPECT_GT(seen[0], 0);
    EXPECT_GT(seen[2], 0);
  }
}

// A window with exactly so many matches at one lag among its comparisons: a count that goes up by one gives none at any lag.
std::vector<std::uint8_t> window_with(std::size_t matches, std::size_t lag) {
  std::vector<std::uint8_t> samples(LagTest::kWindowSamples);
  std::uint8_t next = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool copy = i >= 32 && i % 20 == 0 && i / 20 - 1 <= matches;
    samples[i] = copy ? samples[i - lag] : next++;
  }
  return samples;
}

TEST(Lag, ExactlyAtItsCutoffs) {
  for (std::size_t lag = 1; lag <= LagTest::kLags; ++lag) {
    const LagTest fresh(bits(8));
    for (const auto& [matches, expected] :
         {std::pair{fresh.cutoffs().intermittent - 1, Severity::passed}, std::pair{fresh.cutoffs().intermittent, Severity::intermittent},
          std::pair{fresh.cutoffs().permanent - 1, Severity::intermittent}, std::pair{fresh.cutoffs().permanent, Severity::permanent}}) {
      LagTest test(bits(8));
      Severity worst = Severity::passed;
      // Four windows, so that each lag has its turn.
      for (int i = 0; i < 4; ++i) worst = std::max(worst, test.examine(window_with(matches, lag)));
      EXPECT_EQ(worst, expected) << lag << " " << matches;
    }
  }
}

TEST(Lag, ALostBitShowsOverALongWindow) {
  Generator generator(3);
  LagTest test(bits(8));
  std::size_t samples = 0;
  while (test.examine(good_samples(generator, 1024, 7)) != Severity::permanent) {
    samples += 1024;
    ASSERT_LT(samples, LagTest::kLongWindows * LagTest::kWindowSamples);
  }
  EXPECT_GT(samples, 100'000U) << "a short window should not be able to tell";
}

TEST(Repeat, ChunksCarryEnough) {
  EXPECT_EQ(RepeatTest(bits(8)).chunk_samples(), 64U);
  EXPECT_EQ(RepeatTest(bits(4)).chunk_samples(), 64U);
  EXPECT_EQ(RepeatTest(bits(3.9)).chunk_samples(), 128U);
  EXPECT_EQ(RepeatTest(bits(1)).chunk_samples(), 256U);
  EXPECT_EQ(RepeatTest(bits(0.01)).chunk_samples(), 25600U);
}

TEST(Repeat, TwoChunksInARowMustComeAgain) {
  Generator generator(4);
  const auto first = good_samples(generator, 128, 8);
  const auto second = good_samples(generator, 128, 8);
  RepeatTest test(bits(8));
  EXPECT_EQ(test.examine(first), Severity::passed);
  EXPECT_EQ(test.examine(second), Severity::passed);
  EXPECT_EQ(test.examine(Bytes(first).first(64)), Severity::passed);
  EXPECT_EQ(test.examine(Bytes(first).subspan(64)), Severity::permanent);
  test.reset();
  EXPECT_EQ(test.examine(first), Severity::passed);
  EXPECT_EQ(test.examine(Bytes(first).first(64)), Severity::passed);
  EXPECT_EQ(test.examine(good_samples(generator, 64, 8)), Severity::passed);
  EXPECT_EQ(test.examine(Bytes(second).first(64)), Severity::passed) << "reset must forget what came before it";
  EXPECT_EQ(test.examine(Bytes(second).subspan(64)), Severity::passed);
}

TEST(Repeat, AChangeOfOneSampleIsNoRepeat) {
  Generator generator(6);
  RepeatTest test(bits(1));
  auto samples = good_samples(generator, 1024, 1);
  for (std::size_t i = 0; i < 200; ++i) {
    // Every chunk of 256 samples differs from all before in its first samples, and in nothing else.
    for (std::size_t chunk = 0; chunk < 4; ++chunk) {
      for (std::size_t bit = 0; bit < 10; ++bit) samples[chunk * 256 + bit] = (4 * i + chunk) >> bit & 1;
    }
    ASSERT_EQ(test.examine(samples), Severity::passed) << i;
  }
}

}  // namespace
}  // namespace qeaas::health
