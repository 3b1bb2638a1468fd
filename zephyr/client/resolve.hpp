// SPDX-License-Identifier: GPL-3.0-or-later
// From a server's host and port to a socket address. resolve_dns.cpp asks the resolver, resolve_literal.cpp knows only addresses; the
// build picks one.
#pragma once

#include <zephyr/net/socket.h>

#include "server_list.hpp"

namespace qeaas::device {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

// resolve gives 0, or unresolved. It may wait for the resolver. Of several addresses it takes the first to which there is a route.
int resolve(const ServerAddress& server, SocketAddress& address) noexcept;
// resolve_literal takes an IPv4 or IPv6 address only. False if host is none, or if its family is not compiled in.
bool resolve_literal(const ServerAddress& server, SocketAddress& address) noexcept;

// HasRoute tells whether datagrams may be sent to an address: by its family, an interface and a route, not by an answer.
using HasRoute = bool (*)(const SocketAddress& address) noexcept;
bool has_route(const SocketAddress& address) noexcept;
// first_with_route takes the first address of a resolver's list that has one, or the first of all if none has: the failure is then told
// where it is met. False if no address fits.
bool first_with_route(const zsock_addrinfo* found, std::uint16_t port, HasRoute routed, SocketAddress& address) noexcept;

}  // namespace qeaas::device
