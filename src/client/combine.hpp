// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of several servers made into one: as good as the best of them. For each block of 32 bytes
//   SHA-256("qeaas-combine-v1" || index || count || length of each server's block || block of each server, in order)
// with index as 8 bytes and the others as 4 bytes, big-endian; the last block is cut to the length asked for. As long as one server
// is honest and its bytes are secret, so is the result, whatever the others send. One answer alone passes through unchanged.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::string_view kCombineTag = "qeaas-combine-v1";

// combine needs at least one answer and all of the same size; first_block is the index of their first block within the whole
// download. Error: malformed.
Result<SecretBytes> combine(std::span<const Bytes> answers, std::uint64_t first_block);

}  // namespace qeaas
