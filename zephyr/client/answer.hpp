// SPDX-License-Identifier: GPL-3.0-or-later
// One request for entropy and the judgement of what comes back, over Zephyr's own CoAP library. Pure: bytes in, verdict out. Strict,
// because what passes here is mixed and credited: the code, the token, the message id, the content format and the length must be exactly
// those of an answer to this request.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "device_error.hpp"

namespace qeaas::device {

enum class EntropyType : std::uint8_t { mixed, direct, drbg };
const char* name(EntropyType type) noexcept;

inline constexpr std::size_t kTokenBytes = 8;
inline constexpr std::size_t kLongestRequest = 64;
inline constexpr std::uint16_t kMostBytes = 1024;    // of one answer: it must fit into one datagram, Block2 is not spoken
inline constexpr std::size_t kAnswerOverhead = 64;   // header, token, options and marker of an answer, generously
inline constexpr std::uint32_t kDefaultMaxAge = 60;  // seconds, RFC 7252 5.10.5
inline constexpr std::size_t kEmptyMessageBytes = 4;

struct Request {
  std::uint16_t id = 0;
  std::array<std::uint8_t, kTokenBytes> token{};
  std::uint16_t bytes = 32;  // 1 to kMostBytes
  EntropyType type = EntropyType::mixed;
};

enum class Verdict : std::uint8_t {
  ignored,       // not for this request, or not a message at all: go on waiting; error says what was wrong, if anything was
  acknowledged,  // the server has the request; the answer follows by itself: do not repeat the request
  answered,      // bytes has them
  failed,        // the server refused, or answered something that must not be used: error says why
};

struct Answer {
  Verdict verdict = Verdict::ignored;
  DeviceError error{};                    // with failed, and with ignored where something is wrong
  std::uint8_t code = 0;                  // class << 5 | detail
  std::uint32_t retry_after_s = 0;        // of 5.03 and 4.29
  bool confirm = false;                   // the answer was confirmable: send an empty acknowledgement with its id
  bool reset = false;                     // somebody else's confirmable message: send a reset with its id
  std::uint16_t id = 0;                   // for these
  std::span<const std::uint8_t> bytes{};  // inside the datagram
};

// write_request gives the size of the message in out, or invalid_argument.
int write_request(const Request& request, std::span<std::uint8_t> out) noexcept;
// judge reads a datagram, which it does not change.
Answer judge(const Request& request, std::span<std::uint8_t> datagram) noexcept;
// write_empty writes an acknowledgement or a reset.
void write_empty(bool reset, std::uint16_t id, std::span<std::uint8_t, kEmptyMessageBytes> out) noexcept;

}  // namespace qeaas::device
