// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/units.hpp"

#include <gtest/gtest.h>

namespace qeaas {

TEST(MinEntropy, RoundsDownAndAddsExactly) {
  EXPECT_EQ(MinEntropy::from_bits(0.98).microbits(), 980'000U);
  EXPECT_EQ(MinEntropy::from_bits(0.1).microbits(), 100'000U);
  EXPECT_EQ(MinEntropy::from_bits(1.9999999).microbits(), 1'999'999U);
  EXPECT_EQ(MinEntropy::from_bits(-3).microbits(), 0U);
  MinEntropy sum;
  for (int i = 0; i < 10; ++i) sum += MinEntropy::from_bits(0.1);
  EXPECT_EQ(sum, MinEntropy::from_whole_bits(1));
}

TEST(MinEntropy, NeverGoesBelowZero) {
  EXPECT_EQ(MinEntropy::from_bits(2).saturating_minus(MinEntropy::from_bits(3)), MinEntropy());
  EXPECT_EQ((MinEntropy::from_bits(0.5) * 3).whole_bits(), 1U);
}

}  // namespace qeaas
