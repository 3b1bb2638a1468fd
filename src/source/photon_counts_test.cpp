// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/photon_counts.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace qeaas {
namespace {

double mean_of(const CountDistribution& counts) {
  double mean = 0;
  for (std::size_t n = 0; n < CountDistribution::kMaxCounts; ++n) mean += static_cast<double>(n) * counts.probability(n);
  return mean;
}

TEST(CountDistribution, WithoutDeadTimeIsPoisson) {
  const CountDistribution counts({.mean_counts = 2.5, .dark_counts = 0.5, .dead_time = 0});
  for (unsigned n = 0; n < 20; ++n)
    EXPECT_NEAR(counts.probability(n), std::exp(-3.0) * std::pow(3.0, n) / std::tgamma(n + 1.0), 1e-14) << n;
  EXPECT_EQ(counts.probability(100'000), 0);
  // The parity of a Poisson number is even with probability (1 + exp(-2 mean)) / 2.
  EXPECT_NEAR(counts.low_bits_entropy(1), -std::log2((1 + std::exp(-6.0)) / 2), 1e-12);
}

TEST(CountDistribution, SumsToOneUpToTheLargestRate) {
  for (const double mean : {0.0, 0.001, 8.0, 99.0, kMaxMeanCounts}) {
    for (const double dead : {0.0, 0.003, 0.5, 1.0}) {
      const CountDistribution counts({.mean_counts = mean, .dark_counts = kMaxMeanCounts, .dead_time = dead});
      double sum = 0;
      for (std::size_t n = 0; n < CountDistribution::kMaxCounts; ++n) sum += counts.probability(n);
      EXPECT_NEAR(sum, 1, 1e-10) << mean << " " << dead;
    }
  }
}

TEST(CountDistribution, DeadTimeAllowsOneCountAtMostWhenItFillsTheBin) {
  const CountDistribution counts({.mean_counts = 5, .dark_counts = 0, .dead_time = 1});
  EXPECT_NEAR(counts.probability(0), std::exp(-5.0), 1e-14);
  EXPECT_NEAR(counts.probability(1), 1 - std::exp(-5.0), 1e-14);
}

// The oracle simulates every arrival and the detector's dead time, and knows nothing of the formula.
TEST(CountDistribution, AgreesWithASimulationOfEveryArrival) {
  const PhotonModel model{.mean_counts = 6, .dark_counts = 0.5, .dead_time = 0.05};
  const CountDistribution counts(model);
  std::mt19937_64 generator(1);
  constexpr int kBins = 200'000;
  std::array<double, 32> seen{};
  for (int bin = 0; bin < kBins; ++bin) {
    double time = 0;
    double live_from = 0;
    std::size_t count = 0;
    for (;;) {
      time += -std::log(static_cast<double>((generator() >> 11) + 1) * 0x1p-53) / (model.mean_counts + model.dark_counts);
      if (time > 1) break;
      if (time < live_from) continue;
      live_from = time + model.dead_time;
      ++count;
    }
    ++seen[std::min<std::size_t>(count, seen.size() - 1)];
  }
  double chi_squared = 0;
  int cells = 0;
  for (std::size_t n = 0; n < seen.size(); ++n) {
    const double expected = counts.probability(n) * kBins;
    if (expected < 10) continue;
    chi_squared += (seen[n] - expected) * (seen[n] - expected) / expected;
    ++cells;
  }
  EXPECT_GT(cells, 10);
  EXPECT_LT(chi_squared, cells + 6 * std::sqrt(2.0 * cells)) << "six standard deviations of chi-squared";
}

TEST(CountDistribution, DrawFollowsTheDistribution) {
  const CountDistribution counts({.mean_counts = 8, .dark_counts = 0.01, .dead_time = 0.01});
  EXPECT_EQ(counts.draw(0), 0U);
  EXPECT_LT(counts.draw(~std::uint64_t{0}), CountDistribution::kMaxCounts);
  std::mt19937_64 generator(2);
  constexpr int kDraws = 100'000;
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += counts.draw(generator());
  EXPECT_NEAR(sum / kDraws, mean_of(counts), 6 * std::sqrt(8.0 / kDraws));
}

}  // namespace
}  // namespace qeaas
