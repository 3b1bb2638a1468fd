// SPDX-License-Identifier: GPL-3.0-or-later
// The two continuous tests that SP 800-90B 4.4 prescribes. Each takes the stream in pieces of any size and carries its state over
// exactly; the answer for a piece is the worst that the literal algorithm would have said at any of its samples.
#pragma once

#include <algorithm>

#include "base/secret.hpp"
#include "health/cutoffs.hpp"

namespace qeaas::health {

enum class Severity : std::uint8_t { passed, intermittent, permanent };

constexpr Severity severity(std::uint64_t count, const Cutoffs& cutoffs) noexcept {
  if (count >= cutoffs.permanent) return Severity::permanent;
  return count >= cutoffs.intermittent ? Severity::intermittent : Severity::passed;
}

// RepetitionCountTest is SP 800-90B 4.4.1. It looks at about one sample in C - 1 of a good source: a run of C samples cannot
// hide between two looks that far apart.
class RepetitionCountTest {
 public:
  explicit RepetitionCountTest(MinEntropy per_sample) noexcept : cutoffs_(rct_cutoffs(per_sample)) {}

  Severity examine(Bytes samples) noexcept;
  // failing says that the stream stands within a run that has already reached the intermittent cutoff.
  bool failing() const noexcept { return run_ >= cutoffs_.intermittent; }
  void reset() noexcept { run_ = 0; }
  const Cutoffs& cutoffs() const noexcept { return cutoffs_; }

 private:
  std::uint64_t longest_run(Bytes samples, std::size_t begin) noexcept;

  Cutoffs cutoffs_;
  std::uint64_t run_ = 0;  // length of the run that the stream stands in; 0 before the first sample
  std::uint8_t last_ = 0;
};

// AdaptiveProportionTest is SP 800-90B 4.4.2, on windows that do not overlap. The count includes the window's first sample.
class AdaptiveProportionTest {
 public:
  AdaptiveProportionTest(unsigned sample_bits, MinEntropy per_sample) noexcept
      : window_(apt_window(sample_bits)), cutoffs_(apt_cutoffs(window_, per_sample)) {}

  Severity examine(Bytes samples) noexcept;
  void reset() noexcept { seen_ = 0; }
  const Cutoffs& cutoffs() const noexcept { return cutoffs_; }

 private:
  std::uint32_t window_;
  Cutoffs cutoffs_;
  std::uint32_t seen_ = 0;  // samples of the current window
  std::uint32_t count_ = 0;
  std::uint8_t first_ = 0;
};

}  // namespace qeaas::health
