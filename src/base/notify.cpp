// SPDX-License-Identifier: GPL-3.0-or-later
// The notification protocol of systemd.
#include "base/notify.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/decimal.hpp"
#include "base/handle.hpp"

namespace qeaas {

void notify_manager(std::string_view state) noexcept {
  const char* path = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
  if (path == nullptr || path[0] == '\0') return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, path, length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract address
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  static_cast<void>(::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length)));
}

std::optional<std::chrono::microseconds> watchdog_interval() noexcept {
  // NOLINTBEGIN(concurrency-mt-unsafe): nobody writes the environment
  const char* const period = std::getenv("WATCHDOG_USEC");
  const char* const process = std::getenv("WATCHDOG_PID");
  // NOLINTEND(concurrency-mt-unsafe)
  if (period == nullptr) return std::nullopt;
  if (process != nullptr && decimal(process) != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
  const auto microseconds = decimal(period);
  constexpr std::uint64_t kLongest = 86'400'000'000;
  if (!microseconds || *microseconds < 2 || *microseconds > kLongest) return std::nullopt;
  return std::chrono::microseconds(*microseconds / 2);
}

}  // namespace qeaas
