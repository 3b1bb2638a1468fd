// SPDX-License-Identifier: GPL-3.0-or-later
// Hexadecimal text, lower case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

// write_hex needs text.size() == 2 * bytes.size().
void write_hex(Bytes bytes, std::span<char> text) noexcept;
std::string to_hex(Bytes bytes);
// from_hex takes either case; malformed for odd lengths and foreign characters.
Result<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace qeaas
