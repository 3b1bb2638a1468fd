// SPDX-License-Identifier: GPL-3.0-or-later
// coap:// and coaps:// addresses (RFC 7252 section 6), for clients; wire/random_query.hpp reads the query of /random for servers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "wire/random_query.hpp"

namespace qeaas {

enum class HostKind : std::uint8_t { name, ipv4, ipv6 };

struct CoapUri {
  bool secure = true;  // coaps
  std::string host;    // lower case; an IPv6 address without its brackets
  HostKind host_kind = HostKind::name;
  std::uint16_t port = 5684;
  std::vector<std::string> path;   // decoded segments, one for each Uri-Path option
  std::vector<std::string> query;  // decoded, one for each Uri-Query option
};
inline constexpr std::uint16_t kCoapPort = 5683;
inline constexpr std::uint16_t kCoapsPort = 5684;

// parse_coap_uri decomposes an absolute address (RFC 7252 6.4). Errors: unsupported (another scheme), malformed, out_of_range (port,
// or a segment beyond the 255 bytes of its option).
Outcome<CoapUri> parse_coap_uri(std::string_view text);
// to_text is the inverse, in normal form (RFC 7252 6.5).
std::string to_text(const CoapUri& uri);
// percent_decode: malformed for a truncated or foreign escape.
Result<std::string> percent_decode(std::string_view text);

}  // namespace qeaas
