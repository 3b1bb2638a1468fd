// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets that a service manager opened for us.
#include "inherited.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/decimal.hpp"

namespace qeaas {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr std::size_t kMaxSockets = 256;

std::optional<int> option(int socket, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(socket, SOL_SOCKET, name, &value, &size) != 0) return std::nullopt;
  return value;
}

tl::unexpected<Fault> useless(int descriptor, const std::string& why) {
  return fault(Error::malformed, "descriptor " + std::to_string(descriptor) + " of the service manager " + why +
                                     "; pass TCP and UDP sockets and Unix stream sockets (ListenStream=, ListenDatagram=, Accept=no)");
}

std::filesystem::path path_of(const sockaddr_un& address, socklen_t size) {
  const std::size_t room = size > offsetof(sockaddr_un, sun_path) ? size - offsetof(sockaddr_un, sun_path) : 0;
  return std::string(address.sun_path, ::strnlen(address.sun_path, room));
}

}  // namespace

Outcome<InheritedSockets::Socket> InheritedSockets::look_at(FileDescriptor descriptor) {
  const int number = descriptor.get();
  union {
    sockaddr any;
    sockaddr_un local;
    sockaddr_in6 v6;
  } name{};
  socklen_t size = sizeof(name);
  const auto type = option(number, SO_TYPE);
  if (!type || ::getsockname(number, &name.any, &size) != 0) return useless(number, "is no socket");
  if (*type != SOCK_STREAM && *type != SOCK_DGRAM) return useless(number, "is of a type that is not served");
  if (*type == SOCK_STREAM && option(number, SO_ACCEPTCONN) != 1) return useless(number, "does not listen");
  ::fcntl(number, F_SETFD, FD_CLOEXEC);
  ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) | O_NONBLOCK);
  Socket socket{std::move(descriptor), *type, std::nullopt, {}};
  if (name.any.sa_family == AF_UNIX) {
    if (*type != SOCK_STREAM) return useless(number, "is a Unix datagram socket");
    socket.path = path_of(name.local, size);
    return socket;
  }
  const auto address = Address::from_socket(&name.any, size);
  if (!address) return useless(number, "is of a family that is not served");
  socket.address = *address;
  return socket;
}

Outcome<InheritedSockets> InheritedSockets::adopt(int first, std::size_t count) {
  InheritedSockets inherited;
  for (std::size_t i = 0; i < count; ++i) {
    auto socket = look_at(FileDescriptor(first + static_cast<int>(i)));
    if (!socket) return tl::unexpected(socket.error());
    inherited.sockets_.push_back(std::move(*socket));
  }
  return inherited;
}

Outcome<InheritedSockets> InheritedSockets::from_environment() {
  // NOLINTBEGIN(concurrency-mt-unsafe): set-up is one thread
  const char* const process = std::getenv("LISTEN_PID");
  const char* const sockets = std::getenv("LISTEN_FDS");
  const bool ours = process != nullptr && sockets != nullptr && decimal(process) == static_cast<std::uint64_t>(::getpid());
  const auto count = ours ? decimal(sockets) : Result<std::uint64_t>(0);
  for (const auto* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  // NOLINTEND(concurrency-mt-unsafe)
  if (!count || *count > kMaxSockets) return fault(Error::malformed, "LISTEN_FDS is no number of sockets between 0 and 256");
  return adopt(kFirstDescriptor, *count);
}

std::vector<FileDescriptor> InheritedSockets::take(int type, const Address& address) {
  std::vector<FileDescriptor> taken;
  const auto fits = [&](Socket& socket) { return socket.type == type && socket.address == address; };
  for (auto& socket : sockets_)
    if (fits(socket)) taken.push_back(std::move(socket.descriptor));
  std::erase_if(sockets_, [](const Socket& socket) { return !socket.descriptor; });
  return taken;
}

std::optional<FileDescriptor> InheritedSockets::take_local(const std::filesystem::path& path) {
  const auto fits = [&](const Socket& socket) { return !socket.address && (path.empty() || socket.path == path); };
  const auto found = std::find_if(sockets_.begin(), sockets_.end(), fits);
  if (found == sockets_.end()) return std::nullopt;
  auto descriptor = std::move(found->descriptor);
  sockets_.erase(found);
  return descriptor;
}

std::vector<std::string> InheritedSockets::rest() const {
  std::vector<std::string> names;
  for (const auto& socket : sockets_)
    names.push_back(socket.address ? (socket.type == SOCK_STREAM ? "TCP " : "UDP ") + socket.address->text()
                                   : "Unix " + socket.path.string());
  return names;
}

}  // namespace qeaas
