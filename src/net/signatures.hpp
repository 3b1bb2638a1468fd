// SPDX-License-Identifier: GPL-3.0-or-later
// Signature algorithms of TLS 1.3 by the names that command line and configuration use, and by their code points.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "crypto/cert.hpp"

namespace qeaas {

// code_point is the value in signature_algorithms (RFC 8446 4.2.3, draft-ietf-tls-mldsa).
std::uint16_t code_point(SignatureAlgorithm algorithm) noexcept;
// find_signature takes "ML-DSA-65", "mldsa65", "P-256", "ecdsa-p256" or "ecdsa": case, - and _ do not count.
std::optional<SignatureAlgorithm> find_signature(std::string_view name);
// parse_signatures turns names into algorithms in their order, each once. Errors: unknown (names the first bad one), out_of_range (none).
Outcome<std::vector<SignatureAlgorithm>> parse_signatures(std::span<const std::string> names);

}  // namespace qeaas
