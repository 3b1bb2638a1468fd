// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_text.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

using namespace std::string_view_literals;

std::string json(std::string_view text) {
  std::string out = "x";
  append_json_text(out, text);
  return out;
}

TEST(JsonText, EscapesWhatRfc8259Demands) {
  EXPECT_EQ(json(""), R"(x"")");
  EXPECT_EQ(json(R"(say "\n")"), R"(x"say \"\\n\"")");
  EXPECT_EQ(json("a\nb\rc\td"), R"(x"a\nb\rc\td")");
  EXPECT_EQ(json("\0\x1b\x1f\x7f"sv), "x\"\\u0000\\u001b\\u001f\x7f\"");
  EXPECT_EQ(json("\xE2\x89\xA2 stays"), "x\"\xE2\x89\xA2 stays\"");
}

TEST(JsonText, ReplacesEachByteThatIsNoUtf8) {
  EXPECT_EQ(json("a\xFF\xFE z"), "x\"a\xEF\xBF\xBD\xEF\xBF\xBD z\"");
  EXPECT_EQ(json("\xE2\x89"), "x\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(json("\xC3\""), "x\"\xEF\xBF\xBD\\\"\"");  // the quotation mark is not swallowed
}

}  // namespace
}  // namespace qeaas
