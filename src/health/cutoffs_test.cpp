// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/cutoffs.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "health/frequency.hpp"

namespace qeaas::health {
namespace {

TEST(Cutoffs, AgreeWithThePublishedTableAtRunTime) {
  for (const CutoffRow& row : kPublishedCutoffs) {
    const auto per_sample = MinEntropy::from_microbits(row.microbits);
    for (unsigned i = 0; i < 3; ++i) {
      EXPECT_EQ(rct_cutoff(per_sample, 20 + 10 * i), row.rct[i]) << row.microbits;
      EXPECT_EQ(apt_cutoff(row.window, per_sample, 20 + 10 * i), row.apt[i]) << row.microbits << " " << row.window;
    }
  }
}

TEST(Cutoffs, Exp2AgreesWithTheLibrary) {
  for (double x = -70; x <= 0; x += 0.37) EXPECT_NEAR(exp2(x) / std::exp2(x), 1.0, 1e-14) << x;
}

// Another way to the same number: every term from logarithms of factorials, in extended precision.
std::uint32_t cutoff_by_logarithms(std::uint32_t n, double h, unsigned alpha_bits) {
  const long double log_p = -static_cast<long double>(h) * std::log(2.0L);
  const long double log_q = std::log1p(-std::exp(log_p));
  const long double alpha = std::exp2(-static_cast<long double>(alpha_bits));
  long double tail = 0;
  for (std::uint32_t k = n;; --k) {
    const long double ways = std::lgamma(n + 1.0L) - std::lgamma(k + 1.0L) - std::lgamma(n - k + 1.0L);
    tail += std::exp(ways + k * log_p + (n - k) * log_q);
    if (tail > alpha) return k + 1;
    if (k == 0) return 0;
  }
}

TEST(Cutoffs, BinomialAgreesWithLogarithms) {
  for (const std::uint32_t n : {1U, 16U, 512U, 1008U, 1024U, 64512U}) {
    for (const double h : {0.01, 0.1, 0.5, 0.98, 1.0, 2.3, 4.0, 7.9, 8.0}) {
      for (const unsigned alpha_bits : {20U, 40U, 60U, 64U}) {
        EXPECT_EQ(binomial_cutoff(n, MinEntropy::from_bits(h), alpha_bits), cutoff_by_logarithms(n, h, alpha_bits))
            << n << " " << h << " " << alpha_bits;
      }
    }
  }
}

TEST(Cutoffs, PermanentIsAboveIntermittentUntilNothingCanBeProved) {
  for (std::uint64_t microbits = 100'000; microbits <= 8'000'000; microbits += 50'000) {
    const auto per_sample = MinEntropy::from_microbits(microbits);
    EXPECT_LT(rct_cutoffs(per_sample).intermittent, rct_cutoffs(per_sample).permanent);
    EXPECT_LT(apt_cutoffs(kWideWindow, per_sample).intermittent, apt_cutoffs(kWideWindow, per_sample).permanent) << microbits;
  }
}

TEST(Cutoffs, TinyClaimsCannotFailAWindow) {
  const auto per_sample = MinEntropy::from_bits(0.0001);
  EXPECT_EQ(apt_cutoff(1024, per_sample, 40), 1025U);
  EXPECT_EQ(rct_cutoff(per_sample, 40), 400'001U);
  EXPECT_EQ(rct_cutoff(MinEntropy::from_microbits(1), 60), 60'000'001U);
}

TEST(FrequencyRule, AlarmsAtTheFourthFailureWithinReach) {
  constexpr std::uint64_t kReach = FrequencyRule::kWithinSamples;
  FrequencyRule rule;
  EXPECT_FALSE(rule.too_often(1000));
  EXPECT_FALSE(rule.too_often(2000));
  EXPECT_FALSE(rule.too_often(3000));
  EXPECT_TRUE(rule.too_often(1000 + kReach));

  rule.reset();
  EXPECT_FALSE(rule.too_often(1000));
  EXPECT_FALSE(rule.too_often(2000));
  EXPECT_FALSE(rule.too_often(3000));
  EXPECT_FALSE(rule.too_often(1001 + kReach));
  EXPECT_TRUE(rule.too_often(2000 + kReach));
}

TEST(FrequencyRule, RareFailuresNeverAlarm) {
  FrequencyRule rule;
  for (std::uint64_t i = 1; i <= 100; ++i) EXPECT_FALSE(rule.too_often(i * (FrequencyRule::kWithinSamples / 3 + 1)));
}

}  // namespace
}  // namespace qeaas::health
