// SPDX-License-Identifier: GPL-3.0-or-later
// Combination of answers: vectors made by Python's hashlib from the formula in combine.hpp, and what must not go in.
#include "client/combine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "base/hex.hpp"

namespace qeaas {
namespace {

struct Combine : ::testing::Test {
  Combine() : up(40), down(40), zero(40) {
    std::iota(up.begin(), up.end(), std::uint8_t{0});
    for (std::size_t i = 0; i < down.size(); ++i) down[i] = static_cast<std::uint8_t>(255 - i);
  }
  std::vector<std::uint8_t> up, down, zero;
};

TEST_F(Combine, FollowsTheFormula) {
  const std::array<Bytes, 2> two{Bytes(up), Bytes(down)};
  EXPECT_EQ(to_hex(combine(two, 0)->span()), "6b922049027376ed1e981a030c825e802201c945fe8789a6c4514b0c3f7e99142c49afeed32a8b99");
  const std::array<Bytes, 3> three{Bytes(up), Bytes(down), Bytes(zero)};
  EXPECT_EQ(to_hex(combine(three, 2048)->span()), "28be2d28ae275ead16cfe64763892f9123a15899e9b5e906f3d0356c228cb394e90ec0b789bfdc7b");
}

TEST_F(Combine, OneAnswerPassesUnchanged) {
  const std::array<Bytes, 1> one{Bytes(up)};
  EXPECT_EQ(to_hex(combine(one, 5)->span()), to_hex(up));
}

TEST_F(Combine, EveryServerAndItsPlaceCount) {
  const std::array<Bytes, 2> base{Bytes(up), Bytes(down)}, swapped{Bytes(down), Bytes(up)}, changed{Bytes(up), Bytes(zero)};
  const auto text = to_hex(combine(base, 0)->span());
  EXPECT_NE(text, to_hex(combine(swapped, 0)->span()));
  EXPECT_NE(text, to_hex(combine(changed, 0)->span()));
  EXPECT_NE(text, to_hex(combine(base, 1)->span()));
  // The same bytes twice do not cancel out, as they would with XOR.
  const std::array<Bytes, 2> same{Bytes(up), Bytes(up)};
  EXPECT_NE(to_hex(combine(same, 0)->span()), to_hex(zero));
}

TEST_F(Combine, RefusesNothingAndUnequalSizes) {
  EXPECT_EQ(combine({}, 0).error(), Error::malformed);
  const std::array<Bytes, 2> uneven{Bytes(up), Bytes(down).first(39)};
  EXPECT_EQ(combine(uneven, 0).error(), Error::malformed);
}

}  // namespace
}  // namespace qeaas
