// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: answers taken apart.
#include "http/http_fixture.hpp"

#include <charconv>

namespace qeaas::http::testing {
namespace {

std::string lower(std::string_view text) {
  std::string made(text);
  for (auto& character : made)
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character + 32);
  return made;
}

// read_line cuts one line with its CRLF off text.
std::string read_line(std::string_view& text) {
  const auto end = text.find("\r\n");
  EXPECT_NE(end, std::string_view::npos);
  std::string line(text.substr(0, end));
  EXPECT_EQ(line.find_first_of(std::string_view("\r\n\0", 3)), std::string::npos) << line;
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

}  // namespace

std::string unbase64(std::string_view text) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  EXPECT_EQ(text.size() % 4, 0U);
  std::string bytes;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    if (c == '=') continue;
    const auto digit = kDigits.find(c);
    EXPECT_NE(digit, std::string_view::npos) << c;
    held = (held << 6 | static_cast<unsigned>(digit)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits);
  }
  return bytes;
}

std::optional<Answer> take_answer(std::string& text, bool head_only) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  Answer answer;
  answer.head = text.substr(0, end + 2);
  std::string_view rest = answer.head;
  const auto status_line = read_line(rest);
  EXPECT_EQ(status_line.substr(0, 9), "HTTP/1.1 ");
  std::from_chars(status_line.data() + 9, status_line.data() + status_line.size(), answer.status);
  EXPECT_GT(status_line.size(), 13U) << "no reason: " << status_line;
  EXPECT_EQ(status_line.find("Unknown"), std::string::npos);
  while (!rest.empty()) {
    const auto line = read_line(rest);
    const auto colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << line;
    answer.fields.emplace(lower(line.substr(0, colon)), line.substr(colon + 2));
  }
  std::size_t length = 0;
  const auto given = answer.field("content-length");
  std::from_chars(given.data(), given.data() + given.size(), length);
  const bool bodiless = head_only || answer.status == 204 || answer.status == 304 || answer.status < 200;
  EXPECT_TRUE(bodiless || !given.empty()) << "no Content-Length: " << answer.head;
  if (answer.status == 204 || answer.status < 200) {
    EXPECT_EQ(given, "");
  }
  if (bodiless) length = 0;
  if (text.size() < end + 4 + length) return std::nullopt;
  answer.body = text.substr(end + 4, length);
  text.erase(0, end + 4 + length);
  return answer;
}

void expect_problem(const Answer& answer, unsigned status, std::string_view title, std::string_view detail) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_EQ(answer.field("content-type"), "application/problem+json");
  EXPECT_EQ(answer.field("cache-control"), "no-store");
  EXPECT_EQ(answer.body, R"({"title":")" + std::string(title) + R"(","status":)" + std::to_string(status) + R"(,"detail":")" +
                             std::string(detail) + "\"}");
}

}  // namespace qeaas::http::testing
