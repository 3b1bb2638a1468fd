// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/continuous.hpp"

#include <gtest/gtest.h>

#include "health/lanes.hpp"
#include "health/reference.hpp"
#include "health/streams_for_test.hpp"

namespace qeaas::health {
namespace {

// A stream of runs and clusters: good samples, with runs around the cutoffs, and stretches that favour one value about as often
// as the cutoffs allow.
std::vector<std::uint8_t> rough_stream(Generator& generator, std::size_t count, unsigned sample_bits, const Cutoffs& runs,
                                       const Cutoffs& counts) {
  auto samples = good_samples(generator, count, sample_bits);
  const std::uint32_t window = apt_window(sample_bits);
  for (std::size_t at = 0; at < count;) {
    at += generator() % (3 * runs.permanent + 50);
    const std::size_t length = runs.intermittent - 2 + generator() % (runs.permanent - runs.intermittent + 4);
    const auto value = static_cast<std::uint8_t>(generator() % 2);
    for (std::size_t i = 0; i < length && at < count; ++i) samples[at++] = value;
  }
  const double by_chance = 1.0 / (1U << sample_bits);
  const std::size_t stretch = 3 * window;
  for (std::size_t at = 0; at + stretch < count; at += stretch + generator() % 5000) {
    const double wanted = static_cast<double>(counts.intermittent - 5 + generator() % (counts.permanent - counts.intermittent + 10));
    const double favour = (wanted / window - by_chance) / (1 - by_chance);
    const auto value = samples[at];
    for (std::size_t i = 0; i < stretch; ++i) {
      if (chance(generator, favour)) samples[at + i] = value;
    }
  }
  return samples;
}

// Cuts a stream into random pieces and asks both sides about each.
template <class Fast, class Reference>
void expect_same(Generator& generator, Bytes samples, Fast fast, Reference reference, std::array<int, 3>& seen) {
  while (!samples.empty()) {
    const std::size_t most = generator() % 4 == 0 ? 4096 : 40;
    const Bytes piece = samples.first(std::min<std::size_t>(samples.size(), generator() % most));
    const Severity expected = worst_of(reference, piece);
    ASSERT_EQ(fast.examine(piece), expected);
    ++seen[static_cast<std::size_t>(expected)];
    samples = samples.subspan(piece.size());
  }
}

class AgainstTheLiteralAlgorithm : public testing::TestWithParam<std::pair<unsigned, double>> {};

TEST_P(AgainstTheLiteralAlgorithm, RandomAndAdversarialStreams) {
  const auto [sample_bits, h] = GetParam();
  Generator generator(static_cast<std::uint64_t>(sample_bits * 1000 + h * 10));
  std::array<int, 3> rct_seen{}, apt_seen{};
  const std::uint32_t window = apt_window(sample_bits);
  for (int round = 0; round < 4; ++round) {
    const auto samples = rough_stream(generator, 100'000, sample_bits, rct_cutoffs(bits(h)), apt_cutoffs(window, bits(h)));
    expect_same(generator, samples, RepetitionCountTest(bits(h)), ReferenceRepetitionCount(rct_cutoffs(bits(h))), rct_seen);
    expect_same(generator, samples, AdaptiveProportionTest(sample_bits, bits(h)),
                ReferenceAdaptiveProportion(window, apt_cutoffs(window, bits(h))), apt_seen);
  }
  for (const auto& seen : {rct_seen, apt_seen}) EXPECT_TRUE(seen[0] > 0 && seen[1] > 0 && seen[2] > 0) << "a verdict never came up";
}

INSTANTIATE_TEST_SUITE_P(Claims, AgainstTheLiteralAlgorithm,
                         testing::Values(std::pair{1U, 1.0}, std::pair{1U, 0.5}, std::pair{2U, 1.5}, std::pair{4U, 2.7}, std::pair{4U, 3.9},
                                         std::pair{8U, 1.0}, std::pair{8U, 4.0}, std::pair{8U, 7.0}, std::pair{8U, 8.0}));

// A stream that the quick way steps over whole, since no two words of it are alike, with one run of a given length.
std::vector<std::uint8_t> with_run(std::size_t count, std::size_t at, std::size_t length) {
  std::vector<std::uint8_t> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = static_cast<std::uint8_t>(8 + i % 240);
  for (std::size_t i = at; i < at + length; ++i) samples[i] = 7;
  return samples;
}

TEST(RepetitionCount, ExactlyAtItsCutoffsWhereverTheRunLies) {
  // Every cutoff from 6 to 12, around which the quick way changes its step, and two beyond the quick way.
  for (const double h : {0.5, 2.5, 3.7, 4.0, 4.5, 5.0, 5.8, 6.7, 8.0}) {
    const Cutoffs cutoffs = rct_cutoffs(bits(h));
    for (std::size_t at = 0; at < 2048 - cutoffs.permanent; at += (at % 256 < 8 || at % 256 > 240) ? 1 : 7) {
      for (const auto& [length, expected] :
           {std::pair{cutoffs.intermittent - 1, Severity::passed}, std::pair{cutoffs.intermittent, Severity::intermittent},
            std::pair{cutoffs.permanent - 1, Severity::intermittent}, std::pair{cutoffs.permanent, Severity::permanent}}) {
        const auto samples = with_run(2048, at, length);
        ASSERT_EQ(RepetitionCountTest(bits(h)).examine(samples), expected) << h << " " << at << " " << length;
        RepetitionCountTest halves(bits(h));
        const Severity first = halves.examine(Bytes(samples).first(1024));
        ASSERT_EQ(std::max(first, halves.examine(Bytes(samples).subspan(1024))), expected) << h << " " << at << " " << length;
      }
    }
  }
}

TEST(RepetitionCount, ARunGoesOnOverManyBlocks) {
  RepetitionCountTest test(bits(0.01));
  const std::vector<std::uint8_t> stuck(1024, 3);
  EXPECT_EQ(test.cutoffs().intermittent, 4001U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(test.examine(stuck), Severity::passed);
  EXPECT_FALSE(test.failing());
  EXPECT_EQ(test.examine(stuck), Severity::intermittent);
  EXPECT_TRUE(test.failing());
  EXPECT_EQ(test.examine(stuck), Severity::intermittent);
  EXPECT_EQ(test.examine(stuck), Severity::permanent);
  test.reset();
  EXPECT_FALSE(test.failing());
  EXPECT_EQ(test.examine(stuck), Severity::passed);
}

// One window in which the first sample's value comes up count times in all, in the last places.
std::vector<std::uint8_t> window_with(std::uint32_t window, std::uint64_t count) {
  std::vector<std::uint8_t> samples(window, 0);
  samples[0] = 1;
  for (std::uint64_t i = 1; i < count; ++i) samples[window - i] = 1;
  return samples;
}

TEST(AdaptiveProportion, ExactlyAtItsCutoffsWithAnyCut) {
  for (const unsigned sample_bits : {1U, 8U}) {
    const std::uint32_t window = apt_window(sample_bits);
    const Cutoffs cutoffs = apt_cutoffs(window, bits(sample_bits));
    for (const auto& [count, expected] :
         {std::pair{cutoffs.intermittent - 1, Severity::passed}, std::pair{cutoffs.intermittent, Severity::intermittent},
          std::pair{cutoffs.permanent - 1, Severity::intermittent}, std::pair{cutoffs.permanent, Severity::permanent}}) {
      const auto samples = window_with(window, count);
      for (std::size_t cut = 0; cut <= window; ++cut) {
        AdaptiveProportionTest test(sample_bits, bits(sample_bits));
        const Severity first = test.examine(Bytes(samples).first(cut));
        ASSERT_EQ(std::max(first, test.examine(Bytes(samples).subspan(cut))), expected) << sample_bits << " " << count << " " << cut;
      }
    }
  }
}

TEST(AdaptiveProportion, WindowsDoNotAddUp) {
  AdaptiveProportionTest test(8, bits(8));
  const auto samples = window_with(512, test.cutoffs().intermittent - 1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(test.examine(samples), Severity::passed);
}

TEST(Lanes, CountAndOrLikeALoop) {
  Generator generator(5);
  const auto samples = good_samples(generator, 4096, 2);
  for (std::size_t size = 0; size <= samples.size(); size += size < 70 ? 1 : 509) {
    const Bytes part = Bytes(samples).first(size);
    std::uint32_t count = 0;
    std::uint8_t any = 0;
    for (const auto sample : part) {
      count += sample == 3;
      any |= sample;
    }
    EXPECT_EQ(count_value(part, 3), count) << size;
    EXPECT_EQ(any_bits(part), any) << size;
  }
  const std::vector<std::uint8_t> high(5000, 0xee);
  EXPECT_EQ(count_value(high, 0xee), 5000U);
}

}  // namespace
}  // namespace qeaas::health
