// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes of a character device.
#include "device_supply.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace qeaas::provider {

void DeviceSupply::open() noexcept { static_cast<void>(ensure_open()); }

Outcome<void> DeviceSupply::ensure_open() {
  if (device_.ours()) return {};
  device_.reset();
  FileDescriptor opened(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened) return system_fault(path_, errno);
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0 || !S_ISCHR(status.st_mode))
    return fault(Error::refused, path_ + " is no character device; name the device of the generator");
  device_.take(std::move(opened));
  if (device_.empty()) return system_fault(path_, errno);
  return {};
}

Outcome<void> DeviceSupply::read_all(MutableBytes out, TimePoint deadline) {
  while (!out.empty()) {
    const auto got = ::read(device_.get(), out.data(), out.size());
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
      continue;
    }
    if (got == 0) return fault(Error::source_gone, path_ + " has ended; check the generator");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return system_fault(path_, errno);
    pollfd waiting{device_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, left_milliseconds(deadline)) == 0)
      return fault(Error::timeout, path_ + " gave nothing in time; check the generator, or raise timeout");
  }
  return {};
}

// check is the test for a stuck generator: the chance of a false alarm is 2^-128 a block.
Outcome<void> DeviceSupply::check(Bytes bytes) {
  for (; bytes.size() >= kBlockBytes; bytes = bytes.subspan(kBlockBytes)) {
    const auto block = bytes.first<kBlockBytes>();
    if (have_last_ && equal_in_constant_time(block, last_.span())) alarmed_ = true;
    std::copy(block.begin(), block.end(), last_.span().begin());
    have_last_ = true;
  }
  if (!alarmed_) return {};
  return fault(Error::alarmed, path_ + " repeats itself: it is stuck, and nothing of it is used any more by this process");
}

Outcome<void> DeviceSupply::fetch(MutableBytes out, TimePoint deadline) {
  if (alarmed_) return check({});
  if (auto opened = ensure_open(); !opened) return opened;
  auto whole = out;
  Secret<kBlockBytes> block;  // a shorter draw is cut from a whole block, so that every draw is checked
  if (out.size() < kBlockBytes) whole = block.span();
  auto done = read_all(whole, deadline);
  if (!done) {
    device_.reset();
    return done;
  }
  if (auto fine = check(whole); !fine) return fine;
  if (out.size() < kBlockBytes) std::copy_n(whole.begin(), out.size(), out.begin());
  return {};
}

}  // namespace qeaas::provider
