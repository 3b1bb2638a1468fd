// SPDX-License-Identifier: GPL-3.0-or-later
// Error answers: concise problem details in CBOR (RFC 9290, content format 257) for CoAP and problem+json (RFC 9457) for HTTP. The
// title is the name of the error, so that a client of ours gets the error back. Encoding allocates nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxProblemDetailBytes = 512;  // longer details are cut at a character boundary
inline constexpr std::size_t kMaxProblemBytes = 64 + 6 * kMaxProblemDetailBytes + 128;

// Both give the length written. An empty detail leaves the member out. Errors: no_space, malformed (detail is no UTF-8).
Result<std::size_t> encode_problem_cbor(Error error, std::string_view detail, MutableBytes into) noexcept;
Result<std::size_t> encode_problem_json(Error error, unsigned http_status, std::string_view detail, MutableBytes into) noexcept;

struct Problem {
  std::string title;
  std::string detail;
  std::optional<Error> error;  // when the title is the name of one of our errors
};
// Members that are not ours are skipped. Errors: malformed, unsupported, too_large.
Result<Problem> decode_problem_cbor(Bytes encoded);
Result<Problem> decode_problem_json(Bytes text);

// error_named finds the error of that name.
std::optional<Error> error_named(std::string_view text) noexcept;

}  // namespace qeaas
