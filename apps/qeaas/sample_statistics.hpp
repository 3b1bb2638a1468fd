// SPDX-License-Identifier: GPL-3.0-or-later
// What a set of measured samples says: centre, spread and tail.
#pragma once

#include <cstddef>
#include <vector>

namespace qeaas::cli {

struct SampleStatistics {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;  // the sample's (n - 1); zero for fewer than two samples
  double median = 0;
  double p95 = 0;
  double p99 = 0;
};

// statistics_of takes the samples in any order. All members are zero when there are none.
SampleStatistics statistics_of(std::vector<double> samples);
// quantile interpolates between the two nearest of the sorted samples, of which there must be one (Hyndman and Fan's type 7, as NumPy and R
// do by default); share is 0 to 1.
double quantile(const std::vector<double>& sorted, double share);

}  // namespace qeaas::cli
