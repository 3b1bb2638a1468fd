// SPDX-License-Identifier: GPL-3.0-or-later
// Address: an IPv4 or IPv6 address with a port.
#include "net/address.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace qeaas {
namespace {

std::uint64_t mix(std::uint64_t value) noexcept {  // the finaliser of splitmix64
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

template <class T>
T load(const void* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(Error::malformed);
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (code != std::errc() || end != digits.data() + digits.size() || digits.empty()) return fail(Error::malformed);
  std::string host(text.substr(0, colon));
  Address address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    address.store_.v6.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET6, host.c_str(), &address.store_.v6.sin6_addr) != 1) return fail(Error::malformed);
  } else {
    address.store_.v4.sin_family = AF_INET;
    if (::inet_pton(AF_INET, host.c_str(), &address.store_.v4.sin_addr) != 1) return fail(Error::malformed);
  }
  address.set_port(port);
  return address;
}

Result<Address> Address::from_socket(const sockaddr* from, socklen_t size) noexcept {
  if (size < sizeof(sockaddr_in) || size > capacity() || (from->sa_family != AF_INET && from->sa_family != AF_INET6))
    return fail(Error::unsupported);
  Address address;
  std::memcpy(&address.store_, from, size);
  return address;
}

std::uint16_t Address::port() const noexcept { return ntohs(family() == AF_INET ? store_.v4.sin_port : store_.v6.sin6_port); }

void Address::set_port(std::uint16_t port) noexcept { (family() == AF_INET ? store_.v4.sin_port : store_.v6.sin6_port) = htons(port); }

bool Address::loopback() const noexcept {
  if (family() == AF_INET) return (ntohl(store_.v4.sin_addr.s_addr) >> 24) == 127;
  return IN6_IS_ADDR_LOOPBACK(&store_.v6.sin6_addr);  // NOLINT: a macro of the C library
}

bool Address::wildcard() const noexcept {
  if (family() == AF_INET) return store_.v4.sin_addr.s_addr == 0;
  return IN6_IS_ADDR_UNSPECIFIED(&store_.v6.sin6_addr);  // NOLINT: a macro of the C library
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  const void* from = family() == AF_INET ? static_cast<const void*>(&store_.v4.sin_addr) : &store_.v6.sin6_addr;
  if (::inet_ntop(family(), from, host.data(), host.size()) == nullptr) return "?";
  const std::string port = std::to_string(this->port());
  return family() == AF_INET ? std::string(host.data()) + ":" + port : "[" + std::string(host.data()) + "]:" + port;
}

std::uint64_t Address::network() const noexcept {
  if (family() == AF_INET) return store_.v4.sin_addr.s_addr;
  return load<std::uint64_t>(&store_.v6.sin6_addr);
}

std::size_t Address::bytes(std::span<std::uint8_t, 18> out) const noexcept {
  const std::size_t host = family() == AF_INET ? 4 : 16;
  const void* from = family() == AF_INET ? static_cast<const void*>(&store_.v4.sin_addr) : &store_.v6.sin6_addr;
  std::memcpy(out.data(), from, host);
  out[host] = static_cast<std::uint8_t>(port() >> 8);
  out[host + 1] = static_cast<std::uint8_t>(port());
  return host + 2;
}

bool operator==(const Address& a, const Address& b) noexcept {
  if (a.family() != b.family() || a.port() != b.port()) return false;
  if (a.family() == AF_INET) return a.store_.v4.sin_addr.s_addr == b.store_.v4.sin_addr.s_addr;
  return std::memcmp(&a.store_.v6.sin6_addr, &b.store_.v6.sin6_addr, sizeof(in6_addr)) == 0 &&
         a.store_.v6.sin6_scope_id == b.store_.v6.sin6_scope_id;
}

std::size_t Address::hash() const noexcept {
  std::uint64_t value = port();
  if (family() == AF_INET) return mix(value << 32 | store_.v4.sin_addr.s_addr);
  value = mix(value ^ load<std::uint64_t>(&store_.v6.sin6_addr));
  return mix(value ^ load<std::uint64_t>(&store_.v6.sin6_addr.s6_addr[8]));
}

}  // namespace qeaas
