// SPDX-License-Identifier: GPL-3.0-or-later
// JSON strings and their escapes.
#include "wire/json_writer.hpp"

#include "base/hex.hpp"
#include "wire/base64.hpp"
#include "wire/utf8.hpp"

namespace qeaas {
namespace {

// RFC 8259 section 7: the quotation mark, the backslash and everything below the space.
bool needs_escape(char character) noexcept { return character == '"' || character == '\\' || static_cast<unsigned char>(character) < 0x20; }

}  // namespace

void JsonWriter::escape(char character) noexcept {
  switch (character) {
    case '"': out_.put("\\\""); return;
    case '\\': out_.put("\\\\"); return;
    case '\n': out_.put("\\n"); return;
    case '\r': out_.put("\\r"); return;
    case '\t': out_.put("\\t"); return;
    default: break;
  }
  out_.put("\\u00");
  const auto byte = static_cast<std::uint8_t>(character);
  const auto digits = out_.reserve(2);
  if (!digits.empty()) write_hex({&byte, 1}, digits);
}

JsonWriter& JsonWriter::text(std::string_view value) noexcept {
  if (!is_utf8(value)) out_.set_error(Error::malformed);
  out_.put("\"");
  while (!value.empty()) {
    std::size_t plain = 0;
    while (plain < value.size() && !needs_escape(value[plain])) ++plain;
    out_.put(value.substr(0, plain));
    if (plain < value.size()) escape(value[plain++]);
    value.remove_prefix(plain);
  }
  out_.put("\"");
  return *this;
}

JsonWriter& JsonWriter::hex(Bytes value) noexcept {
  out_.put("\"");
  const auto digits = out_.reserve(2 * value.size());
  if (!digits.empty()) write_hex(value, digits);
  out_.put("\"");
  return *this;
}

JsonWriter& JsonWriter::base64(Bytes value) noexcept {
  out_.put("\"");
  const auto room = out_.reserve(base64_length(value.size()));
  if (room.size() == base64_length(value.size())) write_base64(value, room);
  out_.put("\"");
  return *this;
}

}  // namespace qeaas
