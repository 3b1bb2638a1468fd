// SPDX-License-Identifier: GPL-3.0-or-later
// The answers of a server with the QRNG Open API, from JSON text. Pure functions over untrusted text: bounded memory, wiped
// afterwards, no exception leaves. Fuzzed by fuzz/remote_answer_fuzz.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxRemoteBlockBytes = 65536;
// One block in base64 is 87,384 characters; the rest leaves room for extensions.
inline constexpr std::size_t kMaxRemoteAnswerBytes = 131072;
inline constexpr std::size_t kMaxEntropyTypes = 32;

struct RemoteCapabilities {
  std::size_t min_block_bytes = 1;
  std::size_t max_block_bytes = kMaxRemoteBlockBytes;
  std::vector<std::string> entropy_types;
};

// parse_entropy_answer takes {"entropy": ["base64"]} with exactly one block of exactly block.size() bytes. On an error the block is
// zero. Errors: malformed, out_of_range (another number or size of blocks), too_large.
Status parse_entropy_answer(std::string_view json, MutableBytes block) noexcept;
// parse_capabilities: malformed, out_of_range (sizes that contradict each other), too_large.
Result<RemoteCapabilities> parse_capabilities(std::string_view json) noexcept;

}  // namespace qeaas
