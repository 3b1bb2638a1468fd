// SPDX-License-Identifier: GPL-3.0-or-later
// The scanner: four states, one pass.
#include "config_scan.hpp"

namespace qeaas::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

enum class State : std::uint8_t { plain, comment, basic, literal };

constexpr bool is_line_end(char c) noexcept { return c == '\n' || c == '\r'; }
constexpr bool is_control(char c) noexcept { return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && !is_line_end(c)) || c == 0x7f; }
constexpr bool beyond_ascii(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }
constexpr bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

State after(State state, char c) noexcept {
  if (is_line_end(c)) return State::plain;  // a text that is not closed ends the parse there
  switch (state) {
    case State::comment: return State::comment;
    case State::basic: return c == '"' ? State::plain : State::basic;
    case State::literal: return c == '\'' ? State::plain : State::literal;
    case State::plain: break;
  }
  if (c == '#') return State::comment;
  if (c == '"') return State::basic;
  return c == '\'' ? State::literal : State::plain;
}

std::string_view wrong_at(State state, std::string_view rest) noexcept {
  const char c = rest.front();
  if (is_control(c)) return "a control character; only tabs and line ends may stand in a configuration";
  if (state == State::comment) return {};
  if (beyond_ascii(c)) return "characters beyond ASCII may stand in comments only; in a text write them as \\u and four hexadecimal digits";
  if (state == State::plain && (rest.starts_with("\"\"\"") || rest.starts_with("'''")))
    return "texts of several lines are not used in this configuration";
  return {};
}

}  // namespace

std::optional<ScanMistake> scan(std::string_view text) noexcept {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Place place;
  auto state = State::plain;
  for (bool escaped = false; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (const auto wrong = wrong_at(state, text); !wrong.empty()) return ScanMistake{place, wrong};
    const bool escapes = state == State::basic && !escaped && c == '\\';
    if (!escaped || is_line_end(c)) state = after(state, c);
    escaped = escapes;
    if (c == '\n') {
      place = {place.line + 1, 1};
    } else if (!continues(c)) {
      ++place.column;
    }
  }
  return std::nullopt;
}

}  // namespace qeaas::config
