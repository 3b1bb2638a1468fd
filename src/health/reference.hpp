// SPDX-License-Identifier: GPL-3.0-or-later
// The tests of this folder once more, one sample at a time and word for word: the oracle of the unit tests and of
// fuzz/health_fuzz.cpp. Not used by the product.
#pragma once

#include <optional>
#include <vector>

#include "health/continuous.hpp"
#include "health/developer.hpp"

namespace qeaas::health {

// SP 800-90B 4.4.1.
class ReferenceRepetitionCount {
 public:
  explicit ReferenceRepetitionCount(const Cutoffs& cutoffs) : cutoffs_(cutoffs) {}
  Severity next(std::uint8_t sample) {
    if (a_ && *a_ == sample) {
      ++b_;
    } else {
      a_ = sample;
      b_ = 1;
    }
    return severity(b_, cutoffs_);
  }

 private:
  Cutoffs cutoffs_;
  std::optional<std::uint8_t> a_;
  std::uint64_t b_ = 0;
};

// SP 800-90B 4.4.2.
class ReferenceAdaptiveProportion {
 public:
  ReferenceAdaptiveProportion(std::uint32_t window, const Cutoffs& cutoffs) : window_(window), cutoffs_(cutoffs) {}
  Severity next(std::uint8_t sample) {
    if (i_ == 0) {
      a_ = sample;
      b_ = 1;
    } else if (sample == a_) {
      ++b_;
    }
    i_ = (i_ + 1) % window_;
    return severity(b_, cutoffs_);
  }

 private:
  std::uint32_t window_;
  Cutoffs cutoffs_;
  std::uint32_t i_ = 0;
  std::uint8_t a_ = 0;
  std::uint64_t b_ = 0;
};

// LagTest's definition.
class ReferenceLag {
 public:
  ReferenceLag(const Cutoffs& cutoffs, const Cutoffs& long_cutoffs) : cutoffs_(cutoffs), long_cutoffs_(long_cutoffs) {}
  Severity next(std::uint8_t sample) {
    window_.push_back(sample);
    if (window_.size() < LagTest::kWindowSamples) return Severity::passed;
    Severity worst = Severity::passed;
    for (std::size_t i = 0; i < LagTest::kLagsPerWindow; ++i) {
      const std::size_t lag = 1 + windows_ % (LagTest::kLags / LagTest::kLagsPerWindow) * LagTest::kLagsPerWindow + i;
      std::uint64_t matches = 0;
      for (std::size_t k = LagTest::kLags; k < window_.size(); ++k) matches += window_[k] == window_[k - lag];
      sums_[lag - 1] += matches;
      worst = std::max({worst, severity(matches, cutoffs_), severity(sums_[lag - 1], long_cutoffs_)});
    }
    window_.clear();
    if (++windows_ % LagTest::kLongWindows == 0) sums_ = {};
    return worst;
  }

 private:
  Cutoffs cutoffs_;
  Cutoffs long_cutoffs_;
  std::vector<std::uint8_t> window_;
  std::array<std::uint64_t, LagTest::kLags> sums_{};
  std::size_t windows_ = 0;
};

// worst_of runs one reference over a piece of the stream.
template <class Reference>
Severity worst_of(Reference& reference, Bytes samples) {
  Severity worst = Severity::passed;
  for (const std::uint8_t sample : samples) worst = std::max(worst, reference.next(sample));
  return worst;
}

}  // namespace qeaas::health
