// SPDX-License-Identifier: GPL-3.0-or-later
// Web origins (RFC 6454: scheme, host, port) and absolute http and https addresses, read strictly: one spelling for each host, so that
// what is compared with a list is what is connected to. Pure functions; no name is resolved here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

enum class OriginHost : std::uint8_t { name, ipv4, ipv6 };

// Origin is in normal form, so memberwise comparison is right.
struct Origin {
  bool secure = false;  // https
  std::string host;     // lower case, or an address as inet_ntop writes it, without brackets
  OriginHost kind = OriginHost::name;
  std::uint16_t port = 80;
  friend bool operator==(const Origin&, const Origin&) = default;
};

// HttpUri is an origin and what is asked of it.
struct HttpUri {
  Origin origin;
  std::string target;  // "/path?query", as it stands in a request line; never empty
  friend bool operator==(const HttpUri&, const HttpUri&) = default;
};
inline constexpr std::size_t kMaxHttpUriBytes = 2048;

// parse_http_uri reads an absolute address. Errors: unsupported (another scheme), too_large (above kMaxHttpUriBytes), malformed for all
// else: user info, a fragment, control characters, spaces, a backslash, a foreign escape, a host with escapes, a trailing dot or a zone,
// an IPv4 address in any form but four decimal numbers, an empty port, one with leading zeros or out of range.
Result<HttpUri> parse_http_uri(std::string_view text);
// parse_origin is the same for "http://host:port" with nothing after it.
Result<Origin> parse_origin(std::string_view text);
// make_http_uri puts an address together from decoded parts, as CoAP options carry them (RFC 7252 6.5). port 0 is the scheme's own.
// Errors: those of parse_http_uri.
Result<HttpUri> make_http_uri(std::string_view scheme, std::string_view host, std::uint32_t port, std::span<const std::string_view> path,
                              std::span<const std::string_view> query);

// Both give normal form; a port is left out when it is the scheme's own.
std::string to_text(const Origin& origin);
std::string to_text(const HttpUri& uri);

// is_special_address: anything but global unicast: loopback, link-local, private, shared (RFC 6598), documentation, benchmarking,
// multicast, reserved and unspecified addresses, and those that wrap another one (v4-mapped, 6to4, Teredo, NAT64). Other sizes than 4 and
// 16 are.
bool is_special_address(Bytes address) noexcept;
// stands_for_this_machine: "localhost" and the names under it (RFC 6761 6.3).
bool stands_for_this_machine(std::string_view host) noexcept;

// OriginList says what may be fetched, and from where.
class OriginList {
 public:
  OriginList() = default;
  explicit OriginList(std::vector<Origin> origins) : origins_(std::move(origins)) {}
  bool contains(const Origin& origin) const noexcept;
  bool empty() const noexcept { return origins_.empty(); }

 private:
  std::vector<Origin> origins_;
};

// may_connect judges the address that a socket is about to be connected to, on behalf of a listed origin: a literal host is exactly that
// address, a name any address that is not special. address is 4 or 16 bytes in network order.
bool may_connect(const Origin& origin, Bytes address, std::uint16_t port) noexcept;

}  // namespace qeaas
