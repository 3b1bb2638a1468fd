// SPDX-License-Identifier: GPL-3.0-or-later
// When intermittent failures come more often than chance. A good source fails some test at the intermittent cutoff with a chance
// of at most 2^-39 a sample; four failures within 2^23 samples of each other have a chance below 2^-60, so they are an alarm.
#pragma once

#include <array>
#include <cstdint>

#include "health/cutoffs.hpp"

namespace qeaas::health {

class FrequencyRule {
 public:
  static constexpr std::size_t kFailures = 4;
  static constexpr std::uint64_t kWithinSamples = std::uint64_t{1} << 23;

  // too_often books a failure at position, which grows, and says whether it was the last of kFailures within kWithinSamples.
  bool too_often(std::uint64_t position) noexcept {
    const std::uint64_t oldest = latest_[next_];
    const bool full = booked_ >= kFailures - 1;
    latest_[next_] = position;
    next_ = (next_ + 1) % latest_.size();
    ++booked_;
    return full && position - oldest <= kWithinSamples;
  }
  void reset() noexcept {
    booked_ = 0;
    next_ = 0;
  }

 private:
  std::array<std::uint64_t, kFailures - 1> latest_{};
  std::size_t next_ = 0;
  std::uint64_t booked_ = 0;
};

// The failures per sample, in units of 2^-40: a run may start at every sample (1), each window of the APT may fail, and the lag
// test's sixteen lags share one alpha per window. The APT's count starts at 1, so that it alarms at C - 1 recurrences among W - 1
// samples, which is likelier than alpha: up to 16 times at the largest H, where the window's expected count is smallest.
constexpr bool apt_chance_at_most(unsigned times_log2, unsigned sample_bits, MinEntropy per_sample) noexcept {
  const std::uint32_t window = apt_window(sample_bits);
  const std::uint32_t recurrences = apt_cutoff(window, per_sample, kIntermittentAlphaBits) - 1;
  UpperTail tail(window - 1, per_sample);
  while (tail.k() > recurrences) tail.step();
  return !tail.above(kIntermittentAlphaBits - times_log2);
}
static_assert(apt_chance_at_most(4, 8, MinEntropy::from_whole_bits(8)));
static_assert(apt_chance_at_most(3, 8, MinEntropy::from_whole_bits(4)));
static_assert(apt_chance_at_most(1, 1, MinEntropy::from_whole_bits(1)));
inline constexpr double kFailureChance = exp2(-40.0) * (1 + 16.0 / kWideWindow + 1.0 / 1024 + 1.0 / (256 * 1024));
static_assert(kFailureChance < exp2(-39.0));

// Failures at most kWithinSamples apart (positions are ends of blocks, which are shorter than that) lie within one of the
// overlapping stretches of 4 * kWithinSamples; the chance of k or more there is at most (expected number)^k / k!.
constexpr double frequent_chance() noexcept {
  double chance = 1;
  for (std::size_t i = 1; i <= FrequencyRule::kFailures; ++i) {
    chance *= 4.0 * static_cast<double>(FrequencyRule::kWithinSamples) * exp2(-39.0) / static_cast<double>(i);
  }
  return chance;
}
static_assert(frequent_chance() < exp2(-60.0));

}  // namespace qeaas::health
