// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 validation: RFC 3629 section 7 examples and the classic forgeries.
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, AcceptsWhatRfc3629Allows) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("A\xE2\x89\xA2\xCE\x91."));
  EXPECT_TRUE(is_utf8("\xF0\xA3\x8E\xB4"));
  EXPECT_TRUE(is_utf8("\0"sv));
  EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
  EXPECT_TRUE(is_utf8("\xED\x9F\xBF\xEE\x80\x80\xE0\xA0\x80\xF0\x90\x80\x80"));
}

TEST(Utf8, RefusesForgeries) {
  EXPECT_FALSE(is_utf8("\x80"));      // a continuation alone
  EXPECT_FALSE(is_utf8("\xC0\x80"));  // overlong NUL
  EXPECT_FALSE(is_utf8("\xC1\xBF"));
  EXPECT_FALSE(is_utf8("\xE0\x9F\xBF"));  // overlong
  EXPECT_FALSE(is_utf8("\xF0\x8F\xBF\xBF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_utf8("\xF5\x80\x80\x80"));
  EXPECT_FALSE(is_utf8("\xC3"));  // cut short
  EXPECT_FALSE(is_utf8("\xE2\x89"));
  EXPECT_FALSE(is_utf8("\xE2\x89\x41"));
  EXPECT_FALSE(is_utf8("\xF0\xA3\x8E\xC0"));
}

TEST(Utf8, TellsTheLengthOfTheFirstCharacter) {
  EXPECT_EQ(utf8_sequence(""), 0U);
  EXPECT_EQ(utf8_sequence("ab"), 1U);
  EXPECT_EQ(utf8_sequence("\xC3\xA9z"), 2U);
  EXPECT_EQ(utf8_sequence("\xE2\x89\xA2"), 3U);
  EXPECT_EQ(utf8_sequence("\xF0\xA3\x8E\xB4"), 4U);
  EXPECT_EQ(utf8_sequence("\xF0\xA3\x8E"), 0U);
  EXPECT_EQ(utf8_sequence("\x80"), 0U);
}

}  // namespace
}  // namespace qeaas
