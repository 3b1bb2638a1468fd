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

}  // namespace qeaas::device
