// SPDX-License-Identifier: GPL-3.0-or-later
// Which process holds a port, read from /proc.
#include "net/port_holder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace qeaas {
namespace {

// socket_inodes lists the inodes of the sockets bound to a port, from a table such as /proc/net/udp.
std::vector<std::string> socket_inodes(const char* table, std::uint16_t port) {
  std::vector<std::string> inodes;
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string field;
    std::string local;
    fields >> field >> local;
    for (int i = 0; i < 8 && fields; ++i) fields >> field;
    const auto colon = local.find(':');
    if (colon != std::string::npos && std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) inodes.push_back(field);
  }
  return inodes;
}

bool holds(const std::filesystem::path& process, const std::vector<std::string>& inodes) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fd", code)) {
    const auto target = std::filesystem::read_symlink(entry.path(), code).string();
    for (const auto& inode : inodes)
      if (target == "socket:[" + inode + "]") return true;
  }
  return false;
}

}  // namespace

std::string holder_of_port(IpProtocol protocol, std::uint16_t port) {
  const bool udp = protocol == IpProtocol::udp;
  auto inodes = socket_inodes(udp ? "/proc/net/udp" : "/proc/net/tcp", port);
  const auto six = socket_inodes(udp ? "/proc/net/udp6" : "/proc/net/tcp6", port);
  inodes.insert(inodes.end(), six.begin(), six.end());
  if (inodes.empty()) return {};
  std::error_code code;
  for (const auto& process : std::filesystem::directory_iterator("/proc", code)) {
    const auto id = process.path().filename().string();
    if (id.find_first_not_of("0123456789") != std::string::npos || !holds(process.path(), inodes)) continue;
    std::ifstream file(process.path() / "comm");
    std::string name;
    std::getline(file, name);
    return "process " + id + " (" + name + ")";
  }
  return {};
}

tl::unexpected<Fault> cannot_listen(IpProtocol protocol, const Address& address, int number) {
  std::string text = std::string("cannot listen on ") + (protocol == IpProtocol::udp ? "UDP " : "TCP ") + address.text() + ": " +
                     std::strerror(number);  // NOLINT(concurrency-mt-unsafe): set-up
  if (number == EADDRINUSE) {
    const auto holder = holder_of_port(protocol, address.port());
    text += holder.empty() ? "; stop what holds this port or choose another in the configuration"
                           : "; it is held by " + holder + ". Stop that or choose another port in the configuration";
  }
  if (number == EADDRNOTAVAIL) text += "; this machine has no such address";
  return fault(from_errno(number), text);
}

}  // namespace qeaas
