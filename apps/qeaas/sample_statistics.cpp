// SPDX-License-Identifier: GPL-3.0-or-later
// Centre, spread and tail of samples.
#include "sample_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace qeaas::cli {

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

SampleStatistics statistics_of(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::ranges::sort(samples);
  SampleStatistics result;
  const auto count = static_cast<double>(samples.size());
  result.count = samples.size();
  for (const auto sample : samples) result.mean += sample / count;
  double squares = 0;
  for (const auto sample : samples) squares += (sample - result.mean) * (sample - result.mean);
  if (samples.size() > 1) result.deviation = std::sqrt(squares / (count - 1));
  result.median = quantile(samples, 0.5);
  result.p95 = quantile(samples, 0.95);
  result.p99 = quantile(samples, 0.99);
  return result;
}

}  // namespace qeaas::cli
