// SPDX-License-Identifier: GPL-3.0-or-later
// The statistics of samples, against values worked out by hand and by NumPy.
#include "sample_statistics.hpp"

#include <gtest/gtest.h>

namespace qeaas::cli {
namespace {

TEST(SampleStatistics, OfOneToTenInAnyOrder) {
  const auto figures = statistics_of({7, 1, 10, 4, 3, 9, 2, 8, 6, 5});
  EXPECT_EQ(figures.count, 10u);
  EXPECT_DOUBLE_EQ(figures.mean, 5.5);
  EXPECT_NEAR(figures.deviation, 3.0276503540974917, 1e-12);  // numpy.std(ddof=1)
  EXPECT_DOUBLE_EQ(figures.median, 5.5);
  EXPECT_NEAR(figures.p95, 9.55, 1e-12);  // numpy.percentile
  EXPECT_NEAR(figures.p99, 9.91, 1e-12);
}

TEST(SampleStatistics, OfOneSampleAndOfNone) {
  const auto one = statistics_of({3});
  EXPECT_DOUBLE_EQ(one.mean, 3);
  EXPECT_DOUBLE_EQ(one.deviation, 0);
  EXPECT_DOUBLE_EQ(one.p99, 3);
  const auto none = statistics_of({});
  EXPECT_EQ(none.count, 0u);
  EXPECT_DOUBLE_EQ(none.mean, 0);
}

TEST(SampleStatistics, ALargeMeanDoesNotSwallowTheSpread) {
  const auto figures = statistics_of({1e9 + 1, 1e9 + 2, 1e9 + 3});
  EXPECT_DOUBLE_EQ(figures.deviation, 1);
}

TEST(SampleStatistics, QuantilesAtTheEnds) {
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3}, 0), 1);
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3}, 1), 3);
  EXPECT_DOUBLE_EQ(quantile({1, 2}, 0.25), 1.25);
}

}  // namespace
}  // namespace qeaas::cli
