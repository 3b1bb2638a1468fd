// SPDX-License-Identifier: GPL-3.0-or-later
// The answers of /random (docs/protocol.md): random bytes with the account of where they came from, as CBOR or JSON. Encoding is on
// the hot path and allocates nothing; decoding is for clients and keeps the bytes in wiped memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/provenance.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxSourceIdBytes = 64;

enum class AnswerFormat : std::uint8_t { cbor, json };

// max_overhead is how much more than the random bytes (CBOR) or their hex digits (JSON) an answer can need.
constexpr std::size_t max_overhead(AnswerFormat format) noexcept {
  // CBOR: heads, keys and the type, then per source an array head, the id with its head, the longest kind, the flag, and its place in the
  // list of classical links. JSON: the fixed names, then per source {"id":"","kind":"simulated","conditioned":false,"classical_link":true},
  // and the id at six characters a byte.
  return format == AnswerFormat::cbor ? 26 + kMaxSources * (kMaxSourceIdBytes + 17) : 128 + kMaxSources * (6 * kMaxSourceIdBytes + 72);
}
// max_answer_bytes is enough memory for encode to succeed.
constexpr std::size_t max_answer_bytes(AnswerFormat format, std::size_t random_bytes) noexcept {
  return (format == AnswerFormat::cbor ? random_bytes : 2 * random_bytes) + max_overhead(format);
}

// kMaxAnswerBytes bounds what a client accepts: the longest answer of either format.
inline constexpr std::size_t kMaxAnswerBytes = max_answer_bytes(AnswerFormat::json, 65536);

// encode_random_answer gives the length written. On an error `into` is wiped. Errors: no_space; malformed or too_large for a source
// id that is no UTF-8 or beyond kMaxSourceIdBytes.
Result<std::size_t> encode_random_answer(AnswerFormat format, Bytes random, const Provenance& provenance, MutableBytes into) noexcept;

// kMaxProvenanceBytes is enough memory for encode_provenance: the CBOR answer without its bytes, as the local socket sends it beside them.
// Errors as above, except that `into` is not wiped.
inline constexpr std::size_t kMaxProvenanceBytes = max_overhead(AnswerFormat::cbor);
Result<std::size_t> encode_provenance(const Provenance& provenance, MutableBytes into) noexcept;

// RandomAnswer is what a client got. It owns everything, and the bytes are wiped with it.
struct RandomAnswer {
  SecretBytes random;
  EntropyType type = EntropyType::mixed;
  std::vector<SourceTag> sources;
  std::optional<std::string> report;
  bool simulated = false;
};

// decode_random_answer: members that are not ours are skipped, ours must all be there. Errors: malformed (also for a simulated source
// in an answer that is not marked so), unknown (a kind or type), unsupported, too_large (more than kMaxSources sources, an id beyond
// kMaxSourceIdBytes, more than kMaxAnswerBytes).
Result<RandomAnswer> decode_random_answer(AnswerFormat format, Bytes encoded);
// decode_provenance reads what encode_provenance wrote; random stays empty. Errors as those of decode_random_answer.
Result<RandomAnswer> decode_provenance(Bytes encoded);

}  // namespace qeaas
