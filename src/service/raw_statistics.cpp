// SPDX-License-Identifier: GPL-3.0-or-later
// Per sample: one counter, one product, one comparison. All else follows from the counters when a window is full.
#include "service/raw_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qeaas {
namespace {

// saturating_product keeps a claim next to nothing from wrapping round: its window is then never full.
constexpr std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) noexcept {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  return a > kMost / b ? kMost : a * b;
}

}  // namespace

RawWindow::RawWindow(unsigned sample_bits, std::uint64_t samples_per_block) noexcept {
  full_.sample_bits = sample_bits;
  full_.window_samples = std::max(kLeastSamples, saturating_product(samples_per_block, kLeastBlocks));
}

void RawWindow::restart() noexcept {
  counts_.fill(0);
  collected_ = pairs_ = equal_pairs_ = products_ = firsts_ = lasts_ = 0;
}

bool RawWindow::count(Bytes samples, TimePoint now) noexcept {
  if (samples.empty() || full_.window_samples == 0) return false;
  if (collected_ == 0) {
    if (begun_ && now - *begun_ < kPace) return false;
    begun_ = now;
  }
  add(samples.first(std::min<std::uint64_t>(samples.size(), full_.window_samples - collected_)));
  if (collected_ < full_.window_samples) return false;
  close();
  return true;
}

void RawWindow::add(Bytes samples) noexcept {
  for (const auto sample : samples) ++counts_[sample];
  for (std::size_t i = 1; i < samples.size(); ++i) {
    products_ += static_cast<std::uint32_t>(samples[i - 1]) * samples[i];
    equal_pairs_ += samples[i - 1] == samples[i];
  }
  pairs_ += samples.size() - 1;
  firsts_ += samples.front();
  lasts_ += samples.back();
  collected_ += samples.size();
}

void RawWindow::close() noexcept {
  full_.histogram = counts_;
  for (std::size_t bit = 0; bit < full_.bit_ones.size(); ++bit) {
    full_.bit_ones[bit] = 0;
    for (std::size_t value = 0; value < counts_.size(); ++value) full_.bit_ones[bit] += (value >> bit & 1U) * counts_[value];
  }
  full_.pairs = pairs_;
  full_.equal_pairs = equal_pairs_;
  full_.correlation_ppm = correlation_ppm();
  full_.finished = std::chrono::system_clock::now();
  ++full_.windows;
  restart();
}

// correlation_ppm is Pearson's coefficient of the pairs, with the means of their first and second members and the window's variance.
std::optional<std::int32_t> RawWindow::correlation_ppm() const noexcept {
  double sum = 0, squares = 0;
  for (std::size_t value = 0; value < counts_.size(); ++value) {
    const auto number = static_cast<double>(value), times = static_cast<double>(counts_[value]);
    sum += number * times;
    squares += number * number * times;
  }
  const auto samples = static_cast<double>(collected_), pairs = static_cast<double>(pairs_);
  const double variance = squares / samples - (sum / samples) * (sum / samples);
  if (pairs_ == 0 || std::count(counts_.begin(), counts_.end(), 0U) == std::ssize(counts_) - 1) return std::nullopt;
  const double mean_first = (sum - static_cast<double>(lasts_)) / pairs, mean_second = (sum - static_cast<double>(firsts_)) / pairs;
  const double covariance = static_cast<double>(products_) / pairs - mean_first * mean_second;
  return static_cast<std::int32_t>(std::lround(std::clamp(covariance / variance, -1.0, 1.0) * 1e6));
}

}  // namespace qeaas
