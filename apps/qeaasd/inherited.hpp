// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets that a service manager opened for us (socket activation, sd_listen_fds(3)): they take the place of those that the configuration
// would have opened at the same address, and outlive us. Set-up only, while there is one thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/handle.hpp"
#include "net/address.hpp"

namespace qeaas {

class InheritedSockets {
 public:
  InheritedSockets() = default;
  // adopt owns count descriptors from first on. Errors: malformed (one of them is no socket that we could serve: it says which).
  static Outcome<InheritedSockets> adopt(int first, std::size_t count);
  // from_environment adopts what $LISTEN_FDS promises if $LISTEN_PID means us, and clears these variables. None: nothing was passed.
  // Errors: malformed.
  static Outcome<InheritedSockets> from_environment();

  // take gives those of one protocol (SOCK_STREAM or SOCK_DGRAM) at an address; take_local the one at a path, or the only one when the
  // path is empty.
  std::vector<FileDescriptor> take(int type, const Address& address);
  std::optional<FileDescriptor> take_local(const std::filesystem::path& path);
  // rest names those that nobody took, as "UDP 127.0.0.1:5684".
  std::vector<std::string> rest() const;

 private:
  struct Socket {
    FileDescriptor descriptor;
    int type = 0;
    std::optional<Address> address;  // none: a Unix socket
    std::filesystem::path path;
  };
  static Outcome<Socket> look_at(FileDescriptor descriptor);
  std::vector<Socket> sockets_;
};

}  // namespace qeaas
