// SPDX-License-Identifier: GPL-3.0-or-later
// What the supplies share, and the choice between them.
#include "supply.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "device_supply.hpp"
#include "socket_supply.hpp"

namespace qeaas::provider {

Outcome<std::unique_ptr<Supply>> make_supply(const Settings& settings) {
  if (settings.origin == Origin::device) return std::make_unique<DeviceSupply>(settings.device);
  if (settings.origin == Origin::socket) return std::make_unique<SocketSupply>(settings.socket, settings.type);
  return make_server_supply(settings);
}

void OwnDescriptor::take(FileDescriptor descriptor) noexcept {
  reset();
  if (descriptor && descriptor.get() <= STDERR_FILENO) descriptor.reset(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  struct stat status {};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  descriptor_ = descriptor.release();
}

void OwnDescriptor::take(OwnDescriptor& other) noexcept {
  reset();
  descriptor_ = std::exchange(other.descriptor_, -1);
  device_ = other.device_;
  inode_ = other.inode_;
}

bool OwnDescriptor::ours() const noexcept {
  struct stat status {};
  return descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

void OwnDescriptor::reset() noexcept {
  if (ours()) ::close(descriptor_);
  descriptor_ = -1;
}

int left_milliseconds(TimePoint deadline) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
}

tl::unexpected<Fault> system_fault(const std::string& what, int number) {
  char room[128];
  return fault(from_errno(number), what + ": " + ::strerror_r(number, room, sizeof(room)));
}

}  // namespace qeaas::provider
