// SPDX-License-Identifier: GPL-3.0-or-later
#include "resolve.hpp"

#include <cstring>

namespace qeaas::device {

bool resolve_literal(const ServerAddress& server, SocketAddress& address) noexcept {
  sockaddr_in v4{};
  if (zsock_inet_pton(AF_INET, server.host.data(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(server.port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.size = sizeof v4;
    return true;
  }
  sockaddr_in6 v6{};
  if (zsock_inet_pton(AF_INET6, server.host.data(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(server.port);
    if (sizeof v6 > sizeof address.storage) return false;
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.size = sizeof v6;
    return true;
  }
  return false;
}

bool has_route(const SocketAddress& address) noexcept {
  const auto socket = zsock_socket(address.get()->sa_family, SOCK_DGRAM, IPPROTO_UDP);
  if (socket < 0) return false;
  const bool connected = zsock_connect(socket, address.get(), address.size) == 0;
  zsock_close(socket);
  return connected;
}

bool first_with_route(const zsock_addrinfo* found, std::uint16_t port, HasRoute routed, SocketAddress& address) noexcept {
  bool any = false;
  for (; found != nullptr; found = found->ai_next) {
    SocketAddress next;
    if (found->ai_addrlen > sizeof next.storage) continue;
    std::memcpy(&next.storage, found->ai_addr, found->ai_addrlen);
    next.size = found->ai_addrlen;
    // sin_port and sin6_port lie at the same place.
    reinterpret_cast<sockaddr_in*>(&next.storage)->sin_port = htons(port);
    if (!any) address = next;
    any = true;
    if (!routed(next)) continue;
    address = next;
    break;
  }
  return any;
}

}  // namespace qeaas::device
