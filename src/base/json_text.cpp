// SPDX-License-Identifier: GPL-3.0-or-later
// Escapes of JSON.
#include "base/json_text.hpp"

#include "base/hex.hpp"
#include "base/utf8.hpp"

namespace qeaas {

JsonEscape::JsonEscape(char character) noexcept {
  switch (character) {
    case '"': text_[1] = '"'; return;
    case '\\': text_[1] = '\\'; return;
    case '\n': text_[1] = 'n'; return;
    case '\r': text_[1] = 'r'; return;
    case '\t': text_[1] = 't'; return;
    default: break;
  }
  const auto byte = static_cast<std::uint8_t>(character);
  write_hex({&byte, 1}, std::span(text_).last<2>());
  size_ = text_.size();
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto length = utf8_sequence(text);
    if (length == 0)
      out += "\xEF\xBF\xBD";  // U+FFFD
    else if (needs_json_escape(text.front()))
      out += JsonEscape(text.front()).text();
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

}  // namespace qeaas
