// SPDX-License-Identifier: GPL-3.0-or-later
// Texts in JSON (RFC 8259 section 7), for the log below and the writers of wire/ alike.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace qeaas {

// needs_json_escape: the quotation mark, the backslash and everything below the space.
constexpr bool needs_json_escape(char character) noexcept {
  return character == '"' || character == '\\' || static_cast<unsigned char>(character) < 0x20;
}

// JsonEscape is how such a character is written: \n, or \u001b.
class JsonEscape {
 public:
  explicit JsonEscape(char character) noexcept;
  std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 6> text_{'\\', 'u', '0', '0', '0', '0'};
  std::size_t size_ = 2;
};

// append_json_text appends text in quotation marks. A byte that belongs to no UTF-8 character becomes U+FFFD, so that any input gives
// one valid string on one line.
void append_json_text(std::string& out, std::string_view text);

}  // namespace qeaas
