// SPDX-License-Identifier: GPL-3.0-or-later
// The log: texts that try to be more than one line, fields of every kind, and both formats as they leave the process.
#include "base/log.hpp"

#include <gtest/gtest.h>

#include "base/utf8.hpp"

namespace qeaas::log {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

constexpr std::chrono::system_clock::time_point kThen(784111777s + 5ms);
// What a peer might send to forge a line: a break, quotation marks, an escape sequence, a zero, bytes that are no UTF-8.
constexpr auto kHostile = "a\n{\"level\":\"x\"}\r\\\x1b[2J\x7f\0\xff\xc3"sv;

TEST(Log, JsonHasTimeLevelMessageAndTheFieldsInOrder) {
  EXPECT_EQ(json_line(kThen, Level::warning, "source is gone",
                      {{"source", "rdseed"}, {"bytes", std::size_t{7}}, {"change", -3}, {"simulated", false}, {"empty", std::string()}}),
            R"({"time":"1994-11-06T08:49:37.005Z","level":"warning","message":"source is gone","source":"rdseed","bytes":7,)"
            R"("change":-3,"simulated":false,"empty":""})");
}

TEST(Log, NumbersKeepTheirWholeRange) {
  EXPECT_EQ(text_line("", {{"a", std::uint64_t{18446744073709551615U}}, {"b", std::int64_t{-9223372036854775807}}}),
            " a=18446744073709551615 b=-9223372036854775807");
}

TEST(Log, AHostileTextStaysOneValidJsonLine) {
  const auto line = json_line(kThen, Level::info, kHostile, {{"who", kHostile}, {"\n\"", 1}});
  EXPECT_EQ(line.find_first_of("\n\r\x1b\0"sv), std::string::npos);
  EXPECT_TRUE(is_utf8(line));
  constexpr auto kSafe = "\"a\\n{\\\"level\\\":\\\"x\\\"}\\r\\\\\\u001b[2J\x7f\\u0000\xEF\xBF\xBD\xEF\xBF\xBD\""sv;
  const std::string begin = R"({"time":"1994-11-06T08:49:37.005Z","level":"info","message":)";
  EXPECT_EQ(line, begin + std::string(kSafe) + ",\"who\":" + std::string(kSafe) + ",\"\\n\\\"\":1}");
}

TEST(Log, AHostileTextStaysOneLineOfText) {
  const auto line = text_line(kHostile, {{"who", "\n\x1b"}});
  EXPECT_EQ(line.find_first_of("\n\r\x1b\0"sv), std::string::npos);
  EXPECT_EQ(line.substr(0, 24), "a\\n{\"level\":\"x\"}\\r\\\\u001");
}

TEST(Log, TextQuotesOnlyWhatCouldBeMistaken) {
  EXPECT_EQ(
      text_line("refused", {{"user", 1000}, {"path", "/run/x.sock"}, {"why", "no group"}, {"none", ""}, {"odd", "a=b"}, {"yes", true}}),
      R"(refused user=1000 path=/run/x.sock why="no group" none="" odd="a=b" yes=true)");
}

TEST(Log, TextDoesNotRepeatWhatTheMessageSays) {
  const Fields fields = {{"source", "rdseed"}, {"state", "gone"}, {"errno", 5}};
  EXPECT_EQ(text_line("source rdseed is gone (5)", fields), "source rdseed is gone (5) errno=5");
}

TEST(Log, BothFormatsReachStandardError) {
  testing::internal::CaptureStderr();
  info("plain {} %v", {{"n", 1}});
  set_format(Format::json);
  error("shaped {} %v", {{"n", 2}});
  debug("not shown");
  set_format(Format::text);
  const auto out = testing::internal::GetCapturedStderr();
  EXPECT_NE(out.find(" info plain {} %v n=1\n{\"time\":\""), std::string::npos) << out;
  EXPECT_TRUE(out.ends_with("\"level\":\"error\",\"message\":\"shaped {} %v\",\"n\":2}\n")) << out;
}

}  // namespace
}  // namespace qeaas::log
