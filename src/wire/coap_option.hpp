// SPDX-License-Identifier: GPL-3.0-or-later
// CoAP options: numbers, what a number says about itself (RFC 7252 5.4.6), the allowed lengths, and the value formats.
// Pure functions; nothing allocates.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas::coap {

// Option is an option number; numbers that nobody named here are valid values too.
enum class Option : std::uint16_t {
  if_match = 1,
  uri_host = 3,
  etag = 4,
  if_none_match = 5,
  observe = 6,  // RFC 7641
  uri_port = 7,
  location_path = 8,
  uri_path = 11,
  content_format = 12,
  max_age = 14,
  uri_query = 15,
  hop_limit = 16,  // RFC 8768
  accept = 17,
  location_query = 20,
  block2 = 23,  // RFC 7959
  block1 = 27,
  size2 = 28,
  proxy_uri = 35,
  proxy_scheme = 39,
  size1 = 60,
  echo = 252,         // RFC 9175
  no_response = 258,  // RFC 7967
  request_tag = 292,  // RFC 9175
};

constexpr std::uint16_t number(Option option) noexcept { return static_cast<std::uint16_t>(option); }
constexpr bool is_critical(Option option) noexcept { return (number(option) & 1u) != 0; }
constexpr bool is_unsafe(Option option) noexcept { return (number(option) & 2u) != 0; }
// is_no_cache_key has a meaning only for options that are safe to forward.
constexpr bool is_no_cache_key(Option option) noexcept { return (number(option) & 0x1eu) == 0x1cu; }
// is_known: one of the enumerators above.
bool is_known(Option option) noexcept;
bool is_repeatable(Option option) noexcept;
// length_fits: a known option whose length is outside its range is treated like an unknown option (RFC 7252 5.4.3). True for
// numbers that are not known.
bool length_fits(Option option, std::size_t length) noexcept;

// Values of format uint (RFC 7252 3.2): big-endian without leading zeros; zero is the empty string.
struct UintValue {
  std::array<std::uint8_t, 4> bytes{};
  std::size_t size = 0;
  Bytes span() const noexcept { return {bytes.data(), size}; }
};
UintValue encode_uint(std::uint32_t value) noexcept;
// decode_uint accepts leading zeros, as a recipient must. Error: out_of_range beyond 4 bytes.
Result<std::uint32_t> decode_uint(Bytes value) noexcept;

// Block is the value of Block1 and Block2 (RFC 7959 2.2).
struct Block {
  std::uint32_t num = 0;  // below 2^20
  bool more = false;
  std::uint8_t szx = 6;  // 0 to 6

  constexpr std::size_t size_bytes() const noexcept { return std::size_t{16} << szx; }
  constexpr std::size_t offset_bytes() const noexcept { return std::size_t{num} * size_bytes(); }
  friend constexpr bool operator==(const Block&, const Block&) noexcept = default;
};
inline constexpr std::uint32_t kMaxBlockNum = (1u << 20) - 1;
inline constexpr std::uint8_t kMaxBlockSzx = 6;

// encode_block: out_of_range when num or szx is too large.
Result<UintValue> encode_block(const Block& block) noexcept;
// decode_block: malformed beyond 3 bytes or for the reserved szx 7 (answered with 4.00).
Result<Block> decode_block(Bytes value) noexcept;

inline std::string_view text_of(Bytes value) noexcept { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
}  // namespace qeaas::coap
