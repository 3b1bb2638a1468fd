// SPDX-License-Identifier: GPL-3.0-or-later
// An answer as the resources make it, before the message layer gives it a type, an ID and a token. Values only; the payload points
// into memory of the endpoint.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "wire/coap_message.hpp"

namespace qeaas::coap {

inline constexpr std::size_t kMaxDatagramBytes = 1280;
inline constexpr std::size_t kEtagBytes = 8;
inline constexpr std::size_t kEchoBytes = 12;

using Etag = std::array<std::uint8_t, kEtagBytes>;

struct Answer {
  Code code = code::kContent;
  std::optional<Etag> etag{};
  std::optional<std::uint32_t> observe{};
  std::optional<std::uint16_t> content_format{};
  std::optional<std::uint32_t> max_age_seconds{};
  std::optional<Block> block2{};
  std::optional<std::uint32_t> size2{};
  std::optional<std::array<std::uint8_t, kEchoBytes>> echo{};
  Bytes payload{};
};

// kAnswerOverhead is header, token, marker and all options of a content answer at their longest.
inline constexpr std::size_t kAnswerOverhead = kHeaderBytes + kMaxTokenBytes + (1 + kEtagBytes) + 4 + 3 + 5 + 4 + 4 + 1;

// BlockWish is what a request, or the size of a datagram, says about block-wise answers.
struct BlockWish {
  std::uint8_t szx = kMaxBlockSzx;  // the largest block to send
  bool requested = false;           // the request had a Block2 option
  bool size = false;                // the request asks for Size2
  std::size_t block_bytes() const noexcept { return std::size_t{16} << szx; }
};

// block_of cuts one block out of a body; size2 is set when the wish asks for it.
Answer block_of(Bytes body, std::size_t offset_bytes, std::optional<std::uint16_t> content_format, const BlockWish& wish) noexcept;

// fitting_szx is the largest block that one datagram holds beside kAnswerOverhead.
std::uint8_t fitting_szx(std::size_t datagram_bytes) noexcept;

// write_answer gives the length written. When the payload of an error does not fit, the error goes without it.
// Error: no_space when a content answer does not fit.
Result<std::size_t> write_answer(MutableBytes into, Type type, std::uint16_t id, const Token& token, const Answer& answer) noexcept;

}  // namespace qeaas::coap
