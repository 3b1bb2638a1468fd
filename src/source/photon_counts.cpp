// SPDX-License-Identifier: GPL-3.0-or-later
// The distribution of counts under dead time. The n-th count needs n arrivals in the part of the gate that the n - 1 dead times
// before it leave, so P(N >= n) = P(Poisson(rate * (1 - (n - 1) * dead_time)) >= n): exact, for a detector that is live at the
// gate's beginning.
#include "source/photon_counts.hpp"

#include <algorithm>
#include <cmath>

namespace qeaas {
namespace {

constexpr double kDrawScale = 9007199254740992.0;  // 2^53
constexpr double kNegligible = 1e-18;

// poisson_at_least sums the upper tail itself: one minus the lower tail would lose all digits where the tail is small.
double poisson_at_least(std::size_t n, double mean) noexcept {
  if (n == 0) return 1;
  if (mean <= 0) return 0;
  double sum = 0;
  for (std::size_t k = n; k < n + CountDistribution::kMaxCounts; ++k) {
    const auto count = static_cast<double>(k);
    // lgamma writes a global sign in glibc; lgamma_r does not, and sources run in several threads.
    int sign = 0;
    const double term = std::exp(count * std::log(mean) - mean - ::lgamma_r(count + 1, &sign));
    sum += term;
    if (count > mean && term < kNegligible) break;
  }
  return std::min(1.0, sum);
}

}  // namespace

CountDistribution::CountDistribution(const PhotonModel& model) noexcept {
  const double rate = model.mean_counts + model.dark_counts;
  double at_least = 1;
  double below = 0;
  while (size_ < kMaxCounts) {
    const double live = 1 - static_cast<double>(size_) * model.dead_time;
    const double next = live > 0 && size_ + 1 < kMaxCounts ? poisson_at_least(size_ + 1, rate * live) : 0;
    probability_[size_] = std::max(0.0, at_least - next);
    below += probability_[size_];
    up_to_[size_] = static_cast<std::uint64_t>(std::min(1.0, below) * kDrawScale);
    ++size_;
    at_least = next;
    if (at_least < kNegligible) break;
  }
  up_to_[size_ - 1] = static_cast<std::uint64_t>(kDrawScale);
}

unsigned CountDistribution::draw(std::uint64_t uniform) const noexcept {
  const auto end = up_to_.begin() + static_cast<std::ptrdiff_t>(size_);
  return static_cast<unsigned>(std::upper_bound(up_to_.begin(), end, uniform >> 11) - up_to_.begin());
}

double CountDistribution::low_bits_entropy(unsigned sample_bits) const noexcept {
  std::array<double, 256> symbols{};
  for (std::size_t n = 0; n < size_; ++n) symbols[n & ((std::size_t{1} << sample_bits) - 1)] += probability_[n];
  return -std::log2(std::min(1.0, *std::max_element(symbols.begin(), symbols.end())));
}

}  // namespace qeaas
