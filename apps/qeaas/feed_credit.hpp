// SPDX-License-Identifier: GPL-3.0-or-later
// How many bits the kernel may be told that bytes hold: the honesty table of docs/protocol.md applied to what an answer says of itself
// and to the way that it came. Pure rules, no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/provenance.hpp"

namespace qeaas::cli {

// Way is how an answer came here. The local socket is the kernel's own copy from one process to another: nobody else sees it.
enum class Way : std::uint8_t {
  local,
  post_quantum,  // DTLS 1.3, server verified, post-quantum group
  classical,     // DTLS 1.3, server verified, but who records it can read it with a quantum computer one day
  unverified,    // whoever answered may know or have chosen the bytes
  plain,         // and everybody on the path reads them
};

// FeedAnswer is what one server or the local socket said of its share.
struct FeedAnswer {
  std::string from;
  Way way = Way::local;
  EntropyType type = EntropyType::direct;
  std::vector<SourceTag> sources;
  bool simulated = false;
};

struct Judgement {
  bool full = false;  // the answer holds 8 bits a byte, and nobody else knows them
  std::string why;    // in words, for a person
};

struct CreditRules {
  bool credit_classical = false;
};

// judge decides about one answer.
Judgement judge(const FeedAnswer& answer, const CreditRules& rules);

// Credit is the assessment of bytes that were made of all the answers.
struct Credit {
  std::uint32_t bits = 0;
  std::vector<Judgement> judgements;  // one an answer, in their order
};

// assess gives the bits in `bytes` bytes combined from the answers (src/client/combine.hpp). Whole blocks of 32 bytes count, 256 bits
// each; 255 where several answers were hashed and one alone is full (SP 800-90B 3.1.5.1.2: 256 bits into SHA-256 come out as 255).
Credit assess(std::span<const FeedAnswer> answers, std::size_t bytes, const CreditRules& rules);

}  // namespace qeaas::cli
