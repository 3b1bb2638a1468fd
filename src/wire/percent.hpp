// SPDX-License-Identifier: GPL-3.0-or-later
// Percent-encoding (RFC 3986 2.1) of the parts of an address.
#pragma once

#include <string>
#include <string_view>

#include "base/ascii.hpp"

namespace qeaas {

// What stands for itself, beside letters and digits, in a host, a segment of a path, and one argument of a query, where '&' ends it.
inline constexpr std::string_view kHostOwn = "-._~!$&'()*+,;=";
inline constexpr std::string_view kSegmentOwn = "-._~!$&'()*+,;=:@";
inline constexpr std::string_view kArgumentOwn = "-._~!$'()*+,;=:@/?";

inline void append_encoded(std::string& text, std::string_view part, std::string_view own) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (ascii::is_alnum(c) || own.find(c) != std::string_view::npos)
      text += c;
    else
      text += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
}

}  // namespace qeaas
