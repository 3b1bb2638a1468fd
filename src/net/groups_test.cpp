// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/groups.hpp"

#include <gtest/gtest.h>

namespace qeaas {

TEST(Groups, NamesTitlesAndAliases) {
  EXPECT_EQ(find_group("MLKEM512")->title, "ML-KEM-512");
  EXPECT_EQ(find_group("ml-kem-512")->code, 0x0200);
  EXPECT_EQ(find_group("SECP256R1")->name, "P-256");
  EXPECT_FALSE(find_group("RSA"));
}

TEST(Groups, OrderIsKeptAndClassicalOnesCanBeDropped) {
  const std::vector<std::string> names{"MLKEM512", "X25519MLKEM768", "P-256", "X25519"};
  EXPECT_EQ(parse_groups(names, false).value(), (std::vector<int>{0x0200, 0x11EC, 0x0017, 0x001D}));
  EXPECT_EQ(parse_groups(names, true).value(), (std::vector<int>{0x0200, 0x11EC}));
}

TEST(Groups, BadListsSayWhatIsKnown) {
  const auto unknown = parse_groups(std::vector<std::string>{"MLKEM512", "FFDHE"}, false);
  EXPECT_EQ(unknown.error().error, Error::unknown);
  EXPECT_NE(unknown.error().text.find("'FFDHE'"), std::string::npos);
  EXPECT_NE(unknown.error().text.find("X25519MLKEM768"), std::string::npos);
  EXPECT_EQ(parse_groups(std::vector<std::string>{"P-256"}, true).error().error, Error::out_of_range);
  EXPECT_EQ(parse_groups(std::vector<std::string>{"X448"}, false).error().error, Error::unknown);
}

}  // namespace qeaas
