// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of /random_number/n over HTTP, {"return": 0, "random_number": ...}, for clients.
#pragma once

#include <cstddef>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxRandomNumberBytes = 256;

// decode_random_number gives the `size` bytes that were asked for: an unsigned integer (big-endian here) up to 8 bytes, hexadecimal digits
// beyond. Errors: malformed (another shape, or another number of bytes), io (the server answered that it failed), out_of_range (the number
// is too large for `size` bytes, or `size` is not 1 to kMaxRandomNumberBytes).
Result<SecretBytes> decode_random_number(Bytes json, std::size_t size);

}  // namespace qeaas
