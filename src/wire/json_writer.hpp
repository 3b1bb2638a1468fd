// SPDX-License-Identifier: GPL-3.0-or-later
// JSON text (RFC 8259) written by hand into the caller's memory, for answers on the hot path. Nothing allocates. The caller places
// the punctuation through raw(); text() escapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "wire/text_writer.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxJsonExpansion = 6;  // one control character becomes \u00XX

// JsonWriter: the first error sticks and finish returns it: no_space, or malformed for text that is no UTF-8.
class JsonWriter {
 public:
  explicit JsonWriter(MutableBytes into) noexcept : out_(into) {}

  // raw writes JSON syntax as it is.
  JsonWriter& raw(std::string_view syntax) noexcept {
    out_.put(syntax);
    return *this;
  }
  // text writes a quoted, escaped string.
  JsonWriter& text(std::string_view value) noexcept;
  // hex writes a quoted string of hexadecimal digits.
  JsonWriter& hex(Bytes value) noexcept;
  // base64 writes a quoted string (RFC 4648 section 4).
  JsonWriter& base64(Bytes value) noexcept;
  JsonWriter& number(std::uint64_t value) noexcept {
    out_.number(value);
    return *this;
  }
  JsonWriter& boolean(bool value) noexcept { return raw(value ? "true" : "false"); }

  Result<std::size_t> finish() const noexcept { return out_.finish(); }

 private:
  TextWriter out_;
};

}  // namespace qeaas
