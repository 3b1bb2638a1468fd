// SPDX-License-Identifier: GPL-3.0-or-later
// Cutoffs of the health tests (SP 800-90B 4.4) from the claimed min-entropy H of a sample and the false-positive rate
// alpha = 2^-alpha_bits. Usable at compile time, where they are checked against published values, and at run time.
// Tails are summed from the far end: 1 - alpha is not representable for alpha = 2^-60.
#pragma once

#include <cstdint>

#include "base/units.hpp"

namespace qeaas::health {

inline constexpr unsigned kIntermittentAlphaBits = 40;
inline constexpr unsigned kPermanentAlphaBits = 60;
inline constexpr std::uint32_t kBinaryWindow = 1024;  // SP 800-90B 4.4.2: W for binary samples
inline constexpr std::uint32_t kWideWindow = 512;     // and for all others

constexpr std::uint32_t apt_window(unsigned sample_bits) noexcept { return sample_bits == 1 ? kBinaryWindow : kWideWindow; }

// exp2 is 2^x for x <= 0; std::exp2 is not constexpr in C++20.
constexpr double exp2(double x) noexcept {
  double scale = 1;
  while (x <= -1 && scale > 0) {
    x += 1;
    scale /= 2;
  }
  const double y = x * 0.693147180559945309417232121458;
  double sum = 1;
  double term = 1;
  for (int i = 1; i < 24; ++i) {
    term *= y / i;
    sum += term;
  }
  return scale * sum;
}

// UpperTail walks down from k = n and holds P(X >= k) for X ~ Binomial(n, 2^-H) as sum * 2^exponent, so that nothing underflows.
class UpperTail {
 public:
  constexpr UpperTail(std::uint32_t n, MinEntropy per_sample) noexcept : n_(n), k_(n), odds_(1 / exp2(-per_sample.bits()) - 1) {
    const double log2_all = -per_sample.bits() * n;  // P(X = n) = 2^(-H n)
    exponent_ = static_cast<std::int64_t>(log2_all);
    term_ = exp2(log2_all - static_cast<double>(exponent_));
    sum_ = term_;
  }
  constexpr std::uint32_t k() const noexcept { return k_; }
  // step goes from k to k - 1; k must be above 0.
  constexpr void step() noexcept {
    term_ *= odds_ * k_ / (n_ - k_ + 1);
    --k_;
    sum_ += term_;
    while (sum_ >= kStep) {
      sum_ /= kStep;
      term_ /= kStep;
      exponent_ += kStepBits;
    }
  }
  // above says whether P(X >= k) > 2^-bits.
  constexpr bool above(unsigned bits) const noexcept {
    const std::int64_t gap = -static_cast<std::int64_t>(bits) - exponent_;
    if (gap > kStepBits) return false;  // sum_ is below 2^kStepBits
    if (gap < -1000) return true;
    double threshold = 1;
    for (std::int64_t i = 0; i < gap; ++i) threshold *= 2;
    for (std::int64_t i = 0; i > gap; --i) threshold /= 2;
    return sum_ > threshold;
  }

 private:
  static constexpr int kStepBits = 32;
  static constexpr double kStep = 4294967296.0;
  std::uint32_t n_;
  std::uint32_t k_;
  double odds_;  // (1 - p) / p
  double term_ = 0;
  double sum_ = 0;
  std::int64_t exponent_ = 0;
};

// binomial_cutoff is the smallest C with P(Binomial(n, 2^-H) >= C) <= 2^-alpha_bits; n + 1 when even n matches prove nothing.
constexpr std::uint32_t binomial_cutoff(std::uint32_t n, MinEntropy per_sample, unsigned alpha_bits) noexcept {
  UpperTail tail(n, per_sample);
  while (!tail.above(alpha_bits) && tail.k() > 0) tail.step();
  return tail.k() + 1;
}

// rct_cutoff is SP 800-90B 4.4.1: C = 1 + ceil(-log2(alpha) / H). H must be above 0.
constexpr std::uint64_t rct_cutoff(MinEntropy per_sample, unsigned alpha_bits) noexcept {
  const std::uint64_t needed = std::uint64_t{alpha_bits} * kMicrobitsPerBit;
  return 1 + (needed + per_sample.microbits() - 1) / per_sample.microbits();
}

// apt_cutoff is SP 800-90B 4.4.2: C = 1 + critbinom(W, 2^-H, 1 - alpha), which is the smallest C with P(X >= C) <= alpha.
constexpr std::uint32_t apt_cutoff(std::uint32_t window, MinEntropy per_sample, unsigned alpha_bits) noexcept {
  return binomial_cutoff(window, per_sample, alpha_bits);
}

// Cutoffs is the pair that every test holds: an alarm is raised at count >= cutoff.
struct Cutoffs {
  std::uint64_t intermittent;
  std::uint64_t permanent;
};
constexpr Cutoffs rct_cutoffs(MinEntropy per_sample) noexcept {
  return {rct_cutoff(per_sample, kIntermittentAlphaBits), rct_cutoff(per_sample, kPermanentAlphaBits)};
}
constexpr Cutoffs apt_cutoffs(std::uint32_t window, MinEntropy per_sample) noexcept {
  return {apt_cutoff(window, per_sample, kIntermittentAlphaBits), apt_cutoff(window, per_sample, kPermanentAlphaBits)};
}

// The published table, every cell: H in micro-bits, W, then RCT and APT at 2^-20, 2^-30 and 2^-40.
struct CutoffRow {
  std::uint64_t microbits;
  std::uint32_t window;
  std::uint64_t rct[3];
  std::uint32_t apt[3];
};
inline constexpr CutoffRow kPublishedCutoffs[] = {
    {1'000'000, 1024, {21, 31, 41}, {589, 609, 625}}, {980'000, 1024, {22, 32, 42}, {596, 616, 632}},
    {1'000'000, 512, {21, 31, 41}, {311, 325, 336}},  {4'000'000, 512, {6, 9, 11}, {62, 71, 78}},
    {7'000'000, 512, {4, 6, 7}, {18, 22, 26}},        {7'900'000, 512, {4, 5, 7}, {13, 17, 20}},
    {8'000'000, 512, {4, 5, 6}, {13, 16, 19}},
};
constexpr bool agrees(const CutoffRow& row) noexcept {
  const auto per_sample = MinEntropy::from_microbits(row.microbits);
  for (unsigned i = 0; i < 3; ++i) {
    const unsigned alpha_bits = 20 + 10 * i;
    if (rct_cutoff(per_sample, alpha_bits) != row.rct[i]) return false;
    if (apt_cutoff(row.window, per_sample, alpha_bits) != row.apt[i]) return false;
  }
  return true;
}
static_assert(agrees(kPublishedCutoffs[0]));
static_assert(agrees(kPublishedCutoffs[1]));
static_assert(agrees(kPublishedCutoffs[2]));
static_assert(agrees(kPublishedCutoffs[3]));
static_assert(agrees(kPublishedCutoffs[4]));
static_assert(agrees(kPublishedCutoffs[5]));
static_assert(agrees(kPublishedCutoffs[6]));

}  // namespace qeaas::health
