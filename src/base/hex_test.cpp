// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/hex.hpp"

#include <array>
#include <gtest/gtest.h>

namespace qeaas {

TEST(Hex, BothWays) {
  const std::array<std::uint8_t, 4> bytes{0x00, 0x1f, 0xab, 0xff};
  EXPECT_EQ(to_hex(bytes), "001fabff");
  EXPECT_EQ(from_hex("001FabfF").value(), std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  EXPECT_EQ(to_hex({}), "");
}

TEST(Hex, RefusesWhatIsNotHex) {
  EXPECT_EQ(from_hex("abc").error(), Error::malformed);
  EXPECT_EQ(from_hex("zz").error(), Error::malformed);
  EXPECT_EQ(from_hex("0x").error(), Error::malformed);
}

}  // namespace qeaas
