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

constexpr auto kBeyond = "this is not TOML: characters beyond ASCII may stand in texts and comments only";
constexpr auto kControl = "this is not TOML: a control character; only tabs and line ends may stand in a configuration";
constexpr auto kLines = "this is not TOML: texts of several lines are not used in this configuration";

TEST(ConfigScan, BeyondAsciiOnlyInTextsAndComments) {
  EXPECT_EQ(message("# caf\xc3\xa9\n[server] # \xd0\xa4\nstate = \"/srv/caf\xc3\xa9\" # \xe2\x80\xa8\n"), "accepted");
  EXPECT_EQ(message("[server]\nstate = '/srv/caf\xc3\xa9'\n"), "accepted");
  EXPECT_EQ(message("\xef\xbb\xbf[server]\n"), "accepted");
  EXPECT_EQ(message("\xd0\xa4\xd2\x9b"), std::string("t.toml:1:1: ") + kBeyond);  // toml++ issue 295
  EXPECT_EQ(message("[server]\nstate = \"\xc3\xa9\"\xc2\xa0\n"), std::string("t.toml:2:12: ") + kBeyond);
}

TEST(ConfigScan, EscapedQuotesDoNotEndAText) {
  EXPECT_EQ(message("[server]\nstate = \"a\\\"\xc3\xa9\"\n"), "accepted");
  EXPECT_EQ(message("[server]\nstate = \"a\\\\\"\xc3\xa9\n"), std::string("t.toml:2:14: ") + kBeyond);
  EXPECT_EQ(message("[server]\nstate = 'a\\'\xc3\xa9\n"), std::string("t.toml:2:13: ") + kBeyond);  // no escapes in a literal text
}

TEST(ConfigScan, AQuoteInACommentBeginsNoText) { EXPECT_EQ(message("# it's\n\xc3\xa9"), std::string("t.toml:2:1: ") + kBeyond); }

TEST(ConfigScan, AQuoteOrBracketInsideATokenIsRefused) {
  EXPECT_EQ(message("[server]\nworkers = 1y-'\xd1\xa4'"), "t.toml:2:14: this is not TOML: a quote where no text may begin");
  EXPECT_EQ(message("[server]\nstate = \"a\" \"b\""), "t.toml:2:13: this is not TOML: a quote where no text may begin");
  EXPECT_EQ(message("[server]\nworkers = 1[\"\xd1\xa4\"]"), "t.toml:2:12: this is not TOML: a bracket where no list or section may begin");
  EXPECT_EQ(message("[[source]]\n'id' = 'a'\n\"type\"= \"process\"\nargv = [ # '\n'/x', # [\n \"[\", ']'\n]\n"), "accepted");
  EXPECT_EQ(message("[server]\nstate=\"\xd1\xa4\"\n"), "accepted");
  EXPECT_EQ(message("coaps.listen=['127.0.0.1:1',\"[::1]:1\"] # \xd1\xa4\n"), "accepted");
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
