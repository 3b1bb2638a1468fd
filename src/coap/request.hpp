// SPDX-License-Identifier: GPL-3.0-or-later
// The options of a request, read once and strictly: an unknown, repeated or ill-sized critical option refuses it (RFC 7252 5.4),
// an elective one of that kind is ignored. Views into the datagram.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "coap/answer.hpp"
#include "wire/coap_message.hpp"

namespace qeaas::coap {

inline constexpr std::size_t kMaxPathSegments = 2;  // of our resources

struct Request {
  std::array<std::string_view, kMaxPathSegments> path;
  std::size_t path_segments = 0;  // may be more than kMaxPathSegments: no resource of ours
  std::optional<std::uint32_t> accept;
  std::optional<std::uint32_t> observe;
  std::optional<Block> block2;
  bool wants_size = false;   // Size2 (RFC 7959 4)
  bool wants_proxy = false;  // Proxy-Uri or Proxy-Scheme
  Bytes echo;
};

// Unreadable says why: bad_option refuses with 4.02 (CON) or rejects (NON); bad_block is 4.00 (RFC 7959 2.2).
enum class Unreadable : std::uint8_t { bad_option, bad_block };

// wish_of is the block size that request and datagram allow, and what else the request says about blocks.
BlockWish wish_of(const Request& request, std::size_t max_datagram_bytes) noexcept;

tl::expected<Request, Unreadable> read_request(const Options& options) noexcept;

}  // namespace qeaas::coap
