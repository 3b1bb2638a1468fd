// SPDX-License-Identifier: GPL-3.0-or-later
// The limits of the HTTP front, in one place. Those that an operator may want to change are in the configuration instead.
#pragma once

#include "base/draw.hpp"

namespace qeaas::http {

inline constexpr std::uint64_t kMaxStreamBytes = std::uint64_t{1} << 40;  // of one /v1/random
inline constexpr std::size_t kMaxBlockBytes = kMaxDrawBytes;              // QRNG Open API
inline constexpr std::size_t kMaxBlocks = 16;
inline constexpr std::size_t kHighWaterBytes = 192 * 1024;  // no more requests are read while so much waits to be sent

// stream_piece_bytes is what a long answer draws at once. Direct entropy comes as fast as the sources make it: small pieces keep it
// flowing, large ones would wait for a full reservoir.
constexpr std::size_t stream_piece_bytes(EntropyType type) noexcept { return type == EntropyType::drbg ? kMaxDrawBytes : 4096; }

}  // namespace qeaas::http
