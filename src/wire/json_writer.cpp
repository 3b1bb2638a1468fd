// SPDX-License-Identifier: GPL-3.0-or-later
// JSON into memory of a fixed size.
#include "wire/json_writer.hpp"

#include "base/hex.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "wire/base64.hpp"

namespace qeaas {

JsonWriter& JsonWriter::text(std::string_view value) noexcept {
  if (!is_utf8(value)) out_.set_error(Error::malformed);
  out_.put("\"");
  while (!value.empty()) {
    std::size_t plain = 0;
    while (plain < value.size() && !needs_json_escape(value[plain])) ++plain;
    out_.put(value.substr(0, plain));
    if (plain < value.size()) out_.put(JsonEscape(value[plain++]).text());
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
