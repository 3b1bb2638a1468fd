// SPDX-License-Identifier: GPL-3.0-or-later
// The exact distribution of the number of counts in one time bin of a gated photon counter: Poisson light and dark counts, seen by
// a detector with a non-paralyzable dead time that is live again when the next gate opens. Bins are therefore independent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/units.hpp"

namespace qeaas {

// PhotonModel: rates are means per time bin; the dead time is a fraction of the bin.
struct PhotonModel {
  double mean_counts = 8;
  double dark_counts = 0.01;
  double dead_time = 0.01;
};
inline constexpr double kMaxMeanCounts = 100;

class CountDistribution {
 public:
  static constexpr std::size_t kMaxCounts = 512;

  CountDistribution() noexcept = default;
  // The rates must be from 0 to kMaxMeanCounts and the dead time from 0 to 1.
  explicit CountDistribution(const PhotonModel& model) noexcept;

  double probability(std::size_t counts) const noexcept { return counts < kMaxCounts ? probability_[counts] : 0; }
  // draw maps 64 uniform bits to a number of counts.
  unsigned draw(std::uint64_t uniform) const noexcept;
  // low_bits_entropy is the min-entropy of the count's low sample_bits bits.
  double low_bits_entropy(unsigned sample_bits) const noexcept;

 private:
  std::array<double, kMaxCounts> probability_{};
  std::array<std::uint64_t, kMaxCounts> up_to_{};  // P(N <= n) in units of 2^-53
  std::size_t size_ = 0;
};

}  // namespace qeaas
