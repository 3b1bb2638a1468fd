// SPDX-License-Identifier: GPL-3.0-or-later
// What a window counts, against a count made the plain way; when it is full, when it waits, and what it forgets.
#include "service/raw_statistics.hpp"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <vector>

namespace qeaas {
namespace {

constexpr auto kWindow = RawWindow::kLeastSamples;
const TimePoint kStart{};

std::vector<std::uint8_t> uniform(std::size_t count, unsigned bits = 8) {
  std::mt19937 random(7);
  std::vector<std::uint8_t> samples(count);
  for (auto& sample : samples) sample = static_cast<std::uint8_t>(random() >> (32 - bits));
  return samples;
}

// filled counts whole reads of 4,096 samples until the window is full.
RawStatistics filled(const std::vector<std::uint8_t>& samples, unsigned bits = 8) {
  RawWindow window(bits, 80);
  bool full = false;
  for (std::size_t at = 0; at < samples.size(); at += 4096) full = window.count(Bytes(samples).subspan(at, 4096), kStart);
  EXPECT_TRUE(full);
  return window.full();
}

TEST(RawWindow, CountsValuesBitsAndNeighbours) {
  const auto samples = uniform(kWindow);
  const auto found = filled(samples);
  std::array<std::uint64_t, 256> histogram{};
  std::array<std::uint64_t, 8> ones{};
  std::uint64_t equal = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ++histogram[samples[i]];
    for (unsigned bit = 0; bit < 8; ++bit) ones[bit] += samples[i] >> bit & 1U;
    equal += i % 4096 != 0 && samples[i] == samples[i - 1];
  }
  EXPECT_EQ(found.windows, 1U);
  EXPECT_EQ(found.window_samples, kWindow);
  EXPECT_EQ(found.histogram, histogram);
  EXPECT_EQ(found.bit_ones, ones);
  EXPECT_EQ(found.pairs, kWindow - kWindow / 4096);
  EXPECT_EQ(found.equal_pairs, equal);
  ASSERT_TRUE(found.correlation_ppm);
  EXPECT_LT(std::abs(*found.correlation_ppm), 16000);  // four standard deviations
}

TEST(RawWindow, CorrelationHasItsSignAndSize) {
  std::vector<std::uint8_t> alternating(kWindow), pairs(kWindow), ramp(kWindow);
  for (std::size_t i = 0; i < kWindow; ++i) {
    alternating[i] = i % 2 == 0 ? 255 : 0;
    pairs[i] = i / 2 % 2 == 0 ? 1 : 0;  // every other neighbour is equal
    ramp[i] = static_cast<std::uint8_t>(i / 16);
  }
  EXPECT_EQ(filled(alternating).correlation_ppm, -1'000'000);
  EXPECT_EQ(filled(alternating).equal_pairs, 0U);
  EXPECT_NEAR(*filled(pairs, 1).correlation_ppm, 0, 300);
  EXPECT_GT(*filled(ramp).correlation_ppm, 990'000);
}

TEST(RawWindow, EqualSamplesHaveNoCorrelation) {
  const auto found = filled(std::vector<std::uint8_t>(kWindow, 0x55));
  EXPECT_EQ(found.correlation_ppm, std::nullopt);
  EXPECT_EQ(found.equal_pairs, found.pairs);
  EXPECT_EQ(found.histogram[0x55], kWindow);
  EXPECT_EQ(found.bit_ones, (std::array<std::uint64_t, 8>{kWindow, 0, kWindow, 0, kWindow, 0, kWindow, 0}));
}

TEST(RawWindow, NothingIsKnownBeforeTheWindowIsFull) {
  RawWindow window(8, 80);
  const auto samples = uniform(kWindow);
  EXPECT_FALSE(window.count(Bytes(samples).first(kWindow - 1), kStart));
  EXPECT_EQ(window.collected(), kWindow - 1);
  EXPECT_EQ(window.full().windows, 0U);
  EXPECT_EQ(window.full().histogram, (std::array<std::uint64_t, 256>{}));
  EXPECT_TRUE(window.count(Bytes(samples).first(1000), kStart));  // one sample of these completes it
  EXPECT_EQ(window.full().histogram[samples[0]],
            static_cast<std::uint64_t>(std::count(samples.begin(), samples.end() - 1, samples[0])) + 1);
  EXPECT_EQ(window.collected(), 0U);
}

TEST(RawWindow, AFastSourceIsLookedAtFourTimesASecond) {
  RawWindow window(8, 80);
  const auto samples = uniform(kWindow);
  EXPECT_TRUE(window.count(samples, kStart));
  EXPECT_FALSE(window.count(samples, kStart + RawWindow::kPace - 1ms));
  EXPECT_EQ(window.collected(), 0U);
  EXPECT_TRUE(window.count(samples, kStart + RawWindow::kPace));
  EXPECT_EQ(window.full().windows, 2U);
}

TEST(RawWindow, HoldsManyBlocksAtLowClaimsToo) {
  EXPECT_EQ(RawWindow(1, 1024).full().window_samples, kWindow);
  EXPECT_EQ(RawWindow(1, 1025).full().window_samples, 1025 * RawWindow::kLeastBlocks);
  EXPECT_EQ(RawWindow(8, 32000).full().window_samples, 32000 * RawWindow::kLeastBlocks);
  RawWindow endless(8, std::numeric_limits<std::uint64_t>::max() / 2);
  EXPECT_FALSE(endless.count(uniform(2 * kWindow), kStart));
}

TEST(RawWindow, RestartForgetsWhatIsNotFull) {
  RawWindow window(8, 80);
  const std::vector<std::uint8_t> stuck(kWindow / 2, 9);
  EXPECT_FALSE(window.count(stuck, kStart));
  window.restart();
  EXPECT_FALSE(window.count(stuck, kStart + 1s));
  EXPECT_TRUE(window.count(stuck, kStart + 2s));
  EXPECT_EQ(window.full().histogram[9], kWindow);
}

TEST(RawWindow, WithoutASourceCountsNothing) {
  RawWindow window;
  EXPECT_FALSE(window.count(uniform(100), kStart));
  EXPECT_EQ(window.collected(), 0U);
  RawWindow real(8, 80);
  EXPECT_FALSE(real.count({}, kStart));
}

}  // namespace
}  // namespace qeaas
