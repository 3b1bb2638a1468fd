// SPDX-License-Identifier: GPL-3.0-or-later
// Base64 (RFC 4648 section 4), strict: padding is required, unused bits are zero, no white space.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

constexpr std::size_t base64_length(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

// write_base64 needs text.size() == base64_length(bytes.size()).
void write_base64(Bytes bytes, std::span<char> text) noexcept;
std::string to_base64(Bytes bytes);
// from_base64: malformed for anything that to_base64 does not produce.
Result<SecretBytes> from_base64(std::string_view text);

}  // namespace qeaas
