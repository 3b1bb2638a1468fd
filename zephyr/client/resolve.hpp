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

// resolve gives 0, or unresolved. It may wait for the resolver.
int resolve(const ServerAddress& server, SocketAddress& address) noexcept;
// resolve_literal takes an IPv4 or IPv6 address only. False if host is none, or if its family is not compiled in.
bool resolve_literal(const ServerAddress& server, SocketAddress& address) noexcept;

}  // namespace qeaas::device
