// SPDX-License-Identifier: GPL-3.0-or-later
// The body of POST /v1/entropy (QRNG Open API): {"block_size": 32, "block_count": 1, "entropy_type": "mixed"}.
#pragma once

#include <cstdint>

#include "wire/random_query.hpp"

namespace qeaas {

struct EntropyRequest {
  std::uint64_t block_bytes = 0;
  std::uint64_t block_count = 1;
  EntropyType type = EntropyType::mixed;
};

// parse_entropy_request: members that are not ours are passed over, as the API asks of servers. Errors: malformed (no JSON object, a
// member of the wrong kind, no block_size), out_of_range (zero or negative), too_large (beyond the limits), unknown (a type).
tl::expected<EntropyRequest, QueryFault> parse_entropy_request(Bytes body, std::uint64_t max_block_bytes, std::uint64_t max_blocks);

}  // namespace qeaas
