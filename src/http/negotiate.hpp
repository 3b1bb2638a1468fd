// SPDX-License-Identifier: GPL-3.0-or-later
// Which form of an answer a client wants (RFC 9110 12.5.1), and the parameters of a query. Pure text, nothing allocates.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/decimal.hpp"
#include "base/error.hpp"

namespace qeaas::http {

// choose gives the offer that accept likes best, the earlier of equals; the first without an Accept; none when it allows none.
std::optional<std::string_view> choose(std::span<const std::string_view> offers, std::string_view accept) noexcept;

// accepted_type: is this media type, without its parameters, the one meant? For Content-Type.
bool is_media_type(std::string_view field, std::string_view type) noexcept;

// QueryReader walks over name=value pairs, of a query or a form. Percent-encoding and '+' for a space are resolved for values (into
// room of kValueBytes); names have none.
class QueryReader {
 public:
  static constexpr std::size_t kValueBytes = 1024;
  explicit QueryReader(std::string_view query) noexcept : rest_(query) {}
  struct Pair {
    std::string_view name;
    std::string_view value;  // valid until the next call
  };
  // next: false at the end. Errors: malformed (no '=', a broken escape), too_large (a value longer than kValueBytes).
  Result<bool> next(Pair& pair) noexcept;

 private:
  std::string_view rest_;
  char value_[kValueBytes] = {};
};

// has_word looks for a word in a list with commas (RFC 9110 5.6.1).
bool has_word(std::string_view list, std::string_view word) noexcept;

}  // namespace qeaas::http
