// SPDX-License-Identifier: GPL-3.0-or-later
// Characters that are refused before the TOML parser sees them, and those that must pass.
#include "config_scan.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

std::string message(std::string_view text) {
  const auto outcome = parse_config(text, "t.toml");
  return outcome ? "accepted" : outcome.error().text;
}

constexpr auto kBeyond = "characters beyond ASCII may stand in comments only; in a text write them as \\u and four hexadecimal digits";
constexpr auto kControl = "a control character; only tabs and line ends may stand in a configuration";
constexpr auto kLines = "texts of several lines are not used in this configuration";

TEST(ConfigScan, BeyondAsciiOnlyInComments) {
  EXPECT_EQ(message("# caf\xc3\xa9\n[server] # \xd0\xa4 it's \"\nworkers = 1 # \xe2\x80\xa8\n"), "accepted");
  EXPECT_EQ(message("\xef\xbb\xbf[server]\n"), "accepted");
  EXPECT_EQ(message("\xd0\xa4\xd2\x9b"), std::string("t.toml:1:1: ") + kBeyond);  // toml++ issue 295
  EXPECT_EQ(message("# it's\n\xc3\xa9"), std::string("t.toml:2:1: ") + kBeyond);
  EXPECT_EQ(message("[server]\nstate = \"/caf\xc3\xa9\"\n"), std::string("t.toml:2:14: ") + kBeyond);
  EXPECT_EQ(message("# \xc3\xa9\xc3\xa9 \x01"), std::string("t.toml:1:6: ") + kControl);  // columns count characters, not bytes
}

TEST(ConfigScan, EscapesSpellTheRest) {
  const auto config = parse_config("[server]\nstate = \"/caf\\u00e9\"\n", "t.toml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server.state, "/caf\xc3\xa9");
}

TEST(ConfigScan, ACommentsSignInATextIsText) {
  EXPECT_EQ(message("[server]\nstate = \"#\xc3\xa9\"\n"), std::string("t.toml:2:11: ") + kBeyond);
  EXPECT_EQ(message("[server]\nstate = \"\\\"#\xc3\xa9\"\n"), std::string("t.toml:2:13: ") + kBeyond);
  EXPECT_EQ(message("[server]\nstate = '\\'#\xc3\xa9\n"), "accepted");  // no escapes in a literal text
  EXPECT_EQ(message("[server]\nstate = \"\\\\\"#\xc3\xa9\n"), "accepted");
}

TEST(ConfigScan, ControlCharactersNowhere) {
  EXPECT_EQ(message(std::string_view("# a\0b", 5)), std::string("t.toml:1:4: ") + kControl);
  EXPECT_EQ(message("[server]\nstate = \"\x1b\"\n"), std::string("t.toml:2:10: ") + kControl);
  EXPECT_EQ(message("\v"), std::string("t.toml:1:1: ") + kControl);
  EXPECT_EQ(message("[server]\r\n\tworkers = 1\r\n"), "accepted");
}

TEST(ConfigScan, NoTextsOfSeveralLines) {
  EXPECT_EQ(message("[server]\nstate = \"\"\"\\\n\xc2\xa7\"\"\"\n"), std::string("t.toml:2:9: ") + kLines);  // toml++ issue 190
  EXPECT_EQ(message("[server]\nstate = '''x'''\n"), std::string("t.toml:2:9: ") + kLines);
  EXPECT_EQ(message("[server]\nstate = \"\"\n# \"\"\"\n"), "accepted");
}

}  // namespace
}  // namespace qeaas
