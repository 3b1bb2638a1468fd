// SPDX-License-Identifier: GPL-3.0-or-later
// CoAP's small vocabulary (RFC 7252 section 3): message types, codes as class.detail, content formats.
#pragma once

#include <compare>
#include <cstdint>

namespace qeaas::coap {

enum class Type : std::uint8_t { con = 0, non = 1, ack = 2, rst = 3 };

// Code is a request method, a response code, or 0.00 for an Empty message.
struct Code {
  std::uint8_t value = 0;

  static constexpr Code of(unsigned klass, unsigned detail) noexcept {
    return Code{static_cast<std::uint8_t>((klass & 7u) << 5 | (detail & 31u))};
  }
  constexpr unsigned klass() const noexcept { return value >> 5; }
  constexpr unsigned detail() const noexcept { return value & 31u; }
  constexpr bool is_empty() const noexcept { return value == 0; }
  constexpr bool is_request() const noexcept { return klass() == 0 && detail() != 0; }
  constexpr bool is_response() const noexcept { return klass() >= 2 && klass() <= 5; }
  constexpr bool is_success() const noexcept { return klass() == 2; }
  // is_reserved: classes 1, 6 and 7; such a message is rejected (RFC 7252 4.2, 12.1).
  constexpr bool is_reserved() const noexcept { return klass() == 1 || klass() >= 6; }
  friend constexpr auto operator<=>(Code, Code) noexcept = default;
};

namespace code {
inline constexpr Code kEmpty = Code::of(0, 0);
inline constexpr Code kGet = Code::of(0, 1);
inline constexpr Code kPost = Code::of(0, 2);
inline constexpr Code kPut = Code::of(0, 3);
inline constexpr Code kDelete = Code::of(0, 4);
inline constexpr Code kFetch = Code::of(0, 5);  // RFC 8132
inline constexpr Code kCreated = Code::of(2, 1);
inline constexpr Code kDeleted = Code::of(2, 2);
inline constexpr Code kValid = Code::of(2, 3);
inline constexpr Code kChanged = Code::of(2, 4);
inline constexpr Code kContent = Code::of(2, 5);
inline constexpr Code kContinue = Code::of(2, 31);  // RFC 7959 2.9.1
inline constexpr Code kBadRequest = Code::of(4, 0);
inline constexpr Code kUnauthorized = Code::of(4, 1);
inline constexpr Code kBadOption = Code::of(4, 2);
inline constexpr Code kForbidden = Code::of(4, 3);
inline constexpr Code kNotFound = Code::of(4, 4);
inline constexpr Code kMethodNotAllowed = Code::of(4, 5);
inline constexpr Code kNotAcceptable = Code::of(4, 6);
inline constexpr Code kRequestEntityIncomplete = Code::of(4, 8);  // RFC 7959 2.9.2
inline constexpr Code kPreconditionFailed = Code::of(4, 12);
inline constexpr Code kRequestEntityTooLarge = Code::of(4, 13);
inline constexpr Code kUnsupportedContentFormat = Code::of(4, 15);
inline constexpr Code kTooManyRequests = Code::of(4, 29);  // RFC 8516
inline constexpr Code kInternalServerError = Code::of(5, 0);
inline constexpr Code kNotImplemented = Code::of(5, 1);
inline constexpr Code kBadGateway = Code::of(5, 2);
inline constexpr Code kServiceUnavailable = Code::of(5, 3);
inline constexpr Code kGatewayTimeout = Code::of(5, 4);
inline constexpr Code kProxyingNotSupported = Code::of(5, 5);
inline constexpr Code kHopLimitReached = Code::of(5, 8);  // RFC 8768
}  // namespace code

// Content formats of the IANA registry, as they stand in Content-Format and Accept.
namespace format {
inline constexpr std::uint16_t kTextPlain = 0;
inline constexpr std::uint16_t kLinkFormat = 40;
inline constexpr std::uint16_t kOctetStream = 42;
inline constexpr std::uint16_t kJson = 50;
inline constexpr std::uint16_t kCbor = 60;
inline constexpr std::uint16_t kProblemDetailsCbor = 257;  // RFC 9290
}  // namespace format

}  // namespace qeaas::coap
