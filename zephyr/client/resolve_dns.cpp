// SPDX-License-Identifier: GPL-3.0-or-later
#include "device_error.hpp"
#include "resolve.hpp"

namespace qeaas::device {

int resolve(const ServerAddress& server, SocketAddress& address) noexcept {
  if (resolve_literal(server, address)) return 0;
  const zsock_addrinfo hints{.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
  zsock_addrinfo* found = nullptr;
  if (zsock_getaddrinfo(server.host.data(), nullptr, &hints, &found) != 0 || found == nullptr) return failure(DeviceError::unresolved);
  const bool fits = first_with_route(found, server.port, has_route, address);
  zsock_freeaddrinfo(found);
  return fits ? 0 : failure(DeviceError::unresolved);
}

}  // namespace qeaas::device
