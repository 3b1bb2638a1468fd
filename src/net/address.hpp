// SPDX-License-Identifier: GPL-3.0-or-later
// Address: an IPv4 or IPv6 address with a port, as sockets see it. A small value; comparison and hash look at the address alone.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

class Address {
 public:
  Address() noexcept = default;
  // parse reads "127.0.0.1:5684" or "[::1]:5684"; malformed otherwise. No names: those need a resolver.
  static Result<Address> parse(std::string_view text);
  static Result<Address> from_socket(const sockaddr* address, socklen_t size) noexcept;

  const sockaddr* data() const noexcept { return &store_.any; }
  sockaddr* data() noexcept { return &store_.any; }
  socklen_t size() const noexcept { return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6); }
  static constexpr socklen_t capacity() noexcept { return sizeof(sockaddr_in6); }
  int family() const noexcept { return store_.any.sa_family; }
  std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  bool loopback() const noexcept;
  bool wildcard() const noexcept;
  std::string text() const;
  // network is what quotas and limits count by: the IPv4 address, or the /64 of an IPv6 address, which one host can fill.
  std::uint64_t network() const noexcept;
  // bytes is the address and port in network order, for MACs: 6 or 18 bytes.
  std::size_t bytes(std::span<std::uint8_t, 18> out) const noexcept;

  friend bool operator==(const Address& a, const Address& b) noexcept;
  std::size_t hash() const noexcept;

 private:
  union Store {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  Store store_{.v6 = {}};
};

struct AddressHash {
  std::size_t operator()(const Address& address) const noexcept { return address.hash(); }
};

}  // namespace qeaas
