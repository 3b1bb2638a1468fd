// SPDX-License-Identifier: GPL-3.0-or-later
#include "device_error.hpp"
#include "resolve.hpp"

namespace qeaas::device {

int resolve(const ServerAddress& server, SocketAddress& address) noexcept {
  return resolve_literal(server, address) ? 0 : failure(DeviceError::unresolved);
}

}  // namespace qeaas::device
