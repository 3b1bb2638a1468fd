// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/monitor.hpp"

#include <gtest/gtest.h>

#include "health/continuous.hpp"
#include "health/frequency.hpp"
#include "health/streams_for_test.hpp"

namespace qeaas {
namespace {

using health::Generator;
using health::good_samples;

constexpr std::size_t kBlock = HealthMonitor::kBlockMultiple;
constexpr auto kFull = MinEntropy::from_whole_bits(8);

class Monitor : public testing::Test {
 protected:
  std::vector<std::uint8_t> good(std::size_t count = kBlock) { return good_samples(generator_, count, 8); }
  // A block with one run of so many samples in it.
  std::vector<std::uint8_t> with_run(std::size_t length) {
    auto samples = good();
    for (std::size_t i = 500; i < 500 + length; ++i) samples[i] = 1;
    samples[499] = 2;
    samples[500 + length] = 2;
    return samples;
  }
  void start(HealthMonitor& monitor) {
    EXPECT_EQ(monitor.examine(good(HealthMonitor::kStartupSamples)), Verdict::drop);
    ASSERT_EQ(monitor.state(), HealthState::healthy);
  }

  Generator generator_{42};
  const std::size_t intermittent_ = health::rct_cutoffs(kFull).intermittent;
  const std::size_t permanent_ = health::rct_cutoffs(kFull).permanent;
};

TEST_F(Monitor, NothingOfTheStartUpIsUsed) {
  HealthMonitor monitor(8, kFull);
  EXPECT_EQ(monitor.state(), HealthState::starting);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(monitor.state(), HealthState::starting);
    EXPECT_EQ(monitor.examine(good()), Verdict::drop);
  }
  EXPECT_EQ(monitor.state(), HealthState::healthy);
  EXPECT_EQ(monitor.examine(good()), Verdict::use);
  EXPECT_EQ(monitor.counters().samples_tested, 5 * kBlock);
  EXPECT_EQ(monitor.counters().samples_dropped, 4 * kBlock);
  EXPECT_EQ(monitor.counters().startups_passed, 1U);
  EXPECT_EQ(monitor.last_failure(), "");
}

TEST_F(Monitor, AnIntermittentFailureFailsTheStartUp) {
  HealthMonitor monitor(8, kFull);
  EXPECT_EQ(monitor.examine(with_run(intermittent_)), Verdict::alarm);
  EXPECT_EQ(monitor.state(), HealthState::alarmed);
  EXPECT_EQ(monitor.counters().intermittent_failures, 1U);
  EXPECT_EQ(monitor.counters().permanent_failures, 1U);
  EXPECT_EQ(monitor.last_failure(), "repetition count");
}

TEST_F(Monitor, AnIntermittentFailureDropsItsBlockOnly) {
  HealthMonitor monitor(8, kFull);
  start(monitor);
  EXPECT_EQ(monitor.examine(with_run(intermittent_ - 1)), Verdict::use);
  EXPECT_EQ(monitor.examine(with_run(intermittent_)), Verdict::drop);
  EXPECT_EQ(monitor.state(), HealthState::healthy);
  EXPECT_EQ(monitor.examine(good()), Verdict::use);
  EXPECT_EQ(monitor.counters().intermittent_failures, 1U);
  EXPECT_EQ(monitor.counters().permanent_failures, 0U);
}

TEST_F(Monitor, APermanentFailureLatchesUntilAStartUpPasses) {
  HealthMonitor monitor(8, kFull);
  start(monitor);
  EXPECT_EQ(monitor.examine(with_run(permanent_)), Verdict::alarm);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(monitor.examine(good()), Verdict::drop);
  EXPECT_EQ(monitor.state(), HealthState::alarmed);
  monitor.restart();
  EXPECT_EQ(monitor.state(), HealthState::starting);
  start(monitor);
  EXPECT_EQ(monitor.examine(good()), Verdict::use);
  EXPECT_EQ(monitor.counters().permanent_failures, 1U);
  EXPECT_EQ(monitor.counters().startups_passed, 2U);
}

TEST_F(Monitor, FrequentIntermittentFailuresLatch) {
  HealthMonitor monitor(8, kFull);
  start(monitor);
  for (std::size_t i = 1; i < health::FrequencyRule::kFailures; ++i) {
    EXPECT_EQ(monitor.examine(with_run(intermittent_)), Verdict::drop);
    EXPECT_EQ(monitor.examine(good()), Verdict::use);
  }
  EXPECT_EQ(monitor.examine(with_run(intermittent_)), Verdict::alarm);
  EXPECT_EQ(monitor.last_failure(), "intermittent failures too often");
}

TEST_F(Monitor, OneRunOverManyBlocksIsOneFailure) {
  // H = 0.001: intermittent from 40,001 samples, permanent from 60,001: about twenty blocks in between.
  HealthMonitor monitor(8, MinEntropy::from_bits(0.001));
  start(monitor);
  const std::vector<std::uint8_t> stuck(kBlock, 9);
  std::size_t used = 0, dropped = 0;
  Verdict verdict = Verdict::use;
  while (verdict != Verdict::alarm && used + dropped < 100) {
    verdict = monitor.examine(stuck);
    used += verdict == Verdict::use;
    dropped += verdict == Verdict::drop;
  }
  EXPECT_EQ(verdict, Verdict::alarm);
  EXPECT_EQ(monitor.last_failure(), "repetition count");
  EXPECT_EQ(used, 39U);
  EXPECT_EQ(dropped, 19U);
}

TEST_F(Monitor, ARestartForgetsEveryTestsState) {
  HealthMonitor monitor(8, kFull);
  // Ends in a run of permanent_ samples, and begins with intermittent_ - 1 of the same.
  auto samples = good(HealthMonitor::kStartupSamples);
  std::fill_n(samples.begin(), intermittent_ - 1, std::uint8_t{5});
  samples[intermittent_ - 1] = 6;
  EXPECT_EQ(monitor.examine(samples), Verdict::drop);
  EXPECT_EQ(monitor.state(), HealthState::healthy);
  auto run = good();
  std::fill_n(run.rbegin(), permanent_, std::uint8_t{5});
  EXPECT_EQ(monitor.examine(run), Verdict::alarm);
  // The very samples of the first start-up pass again: no run and no chunk is remembered.
  monitor.restart();
  EXPECT_EQ(monitor.examine(samples), Verdict::drop);
  EXPECT_EQ(monitor.state(), HealthState::healthy) << monitor.last_failure();
}

TEST_F(Monitor, ASampleWiderThanStatedIsAPermanentFailure) {
  HealthMonitor monitor(4, MinEntropy::from_whole_bits(4));
  auto samples = good_samples(generator_, HealthMonitor::kStartupSamples, 4);
  EXPECT_EQ(monitor.examine(samples), Verdict::drop);
  auto block = good_samples(generator_, kBlock, 4);
  block[1000] = 0x10;
  EXPECT_EQ(monitor.examine(block), Verdict::alarm);
  EXPECT_EQ(monitor.last_failure(), "sample width");
}

TEST_F(Monitor, EachTestIsNamed) {
  const auto failure_of = [&](unsigned bits, MinEntropy claim, const std::vector<std::uint8_t>& startup) {
    HealthMonitor monitor(bits, claim);
    EXPECT_EQ(monitor.examine(startup), Verdict::alarm);
    return monitor.last_failure();
  };
  auto samples = good(4096);
  for (std::size_t i = 0; i < samples.size(); i += 3) samples[i] = 77;
  EXPECT_EQ(failure_of(8, kFull, samples), "adaptive proportion");
  samples = good(4096);
  for (std::size_t i = 9; i < samples.size(); ++i) {
    if (i % 2 == 0) samples[i] = samples[i - 9];
  }
  EXPECT_EQ(failure_of(8, kFull, samples), "lag");
  samples = good(1024);
  samples.insert(samples.end(), samples.begin(), samples.end());
  EXPECT_EQ(failure_of(8, kFull, samples), "repeat");
}

TEST_F(Monitor, BlocksOfOtherSizesAreDroppedUntested) {
  HealthMonitor monitor(8, kFull);
  start(monitor);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBlock - 8, kBlock + 8}) {
    EXPECT_EQ(monitor.examine(good(size)), Verdict::drop) << size;
  }
  EXPECT_EQ(monitor.state(), HealthState::healthy);
  EXPECT_EQ(monitor.counters().samples_tested, HealthMonitor::kStartupSamples);
  EXPECT_EQ(monitor.counters().samples_dropped, HealthMonitor::kStartupSamples + 1 + 2 * kBlock);
}

TEST_F(Monitor, ClaimsThatCannotBeAreAlarmedForGood) {
  for (const auto& [bits, claim] :
       {std::pair{8U, MinEntropy()}, std::pair{8U, MinEntropy::from_bits(8.01)}, std::pair{1U, MinEntropy::from_bits(1.5)},
        std::pair{0U, MinEntropy::from_bits(0.5)}, std::pair{9U, MinEntropy::from_whole_bits(1)}}) {
    HealthMonitor monitor(bits, claim);
    EXPECT_EQ(monitor.state(), HealthState::alarmed);
    monitor.restart();
    EXPECT_EQ(monitor.state(), HealthState::alarmed);
    EXPECT_EQ(monitor.examine(good(HealthMonitor::kStartupSamples)), Verdict::drop);
    EXPECT_EQ(monitor.last_failure(), "claimed min-entropy out of range");
  }
}

TEST_F(Monitor, MovesWithItsState) {
  HealthMonitor monitor(8, kFull);
  start(monitor);
  HealthMonitor moved(std::move(monitor));
  EXPECT_EQ(moved.examine(good()), Verdict::use);
  HealthMonitor other(1, MinEntropy::from_whole_bits(1));
  other = std::move(moved);
  EXPECT_EQ(other.examine(good()), Verdict::use);
  EXPECT_EQ(other.counters().samples_tested, HealthMonitor::kStartupSamples + 2 * kBlock);
}

TEST(HealthState, HasNames) {
  EXPECT_EQ(name(HealthState::starting), "starting");
  EXPECT_EQ(name(HealthState::healthy), "healthy");
  EXPECT_EQ(name(HealthState::alarmed), "alarmed");
}

}  // namespace
}  // namespace qeaas
