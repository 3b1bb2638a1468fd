// SPDX-License-Identifier: GPL-3.0-or-later
// Decimal numbers as queries and paths write them, for every front end.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace qeaas {

// decimal reads digits only: no sign, no space, no empty text. Errors: malformed, too_large (beyond 64 bits).
inline Result<std::uint64_t> decimal(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return fail(Error::malformed);
  if (error == std::errc::result_out_of_range) return fail(Error::too_large);
  return value;
}

}  // namespace qeaas
