// SPDX-License-Identifier: GPL-3.0-or-later
// PoolDevice: reading the sources. Everything here runs without the pool's lock, in whatever context asked for it.
#include <zephyr/drivers/entropy.h>

#include "pool_device.hpp"
#include "spin_guard.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kReadBytes = 32;
constexpr std::size_t kUntrustedBytes = 32;

// RepetitionCount is the test of SP 800-90B 4.4.1 with a false alarm in 2^20 bytes: a source that repeats itself so often is not what its
// credit says. Over one gathering.
class RepetitionCount {
 public:
  explicit RepetitionCount(unsigned credit_bits) noexcept : cutoff_(1 + (20 + credit_bits - 1) / credit_bits) {}
  bool passes(std::span<const std::uint8_t> bytes) noexcept {
    for (const auto byte : bytes) {
      run_ = run_ > 0 && byte == last_ ? run_ + 1 : 1;
      last_ = byte;
      if (run_ >= cutoff_) return false;
    }
    return true;
  }

 private:
  unsigned cutoff_;
  unsigned run_ = 0;
  std::uint8_t last_ = 0;
};

// read_source returns the number of bytes, or a negative error code. A source that claims more than it was asked for is not believed.
int read_source(const device* from, std::span<std::uint8_t> into, Reading reading) noexcept {
  if (!device_is_ready(from)) return -ENODEV;
  const auto size = static_cast<std::uint16_t>(into.size());
  if (reading == Reading::blocking) {
    const int result = entropy_get_entropy(from, into.data(), size);
    return result < 0 ? result : size;
  }
  const int got = entropy_get_entropy_isr(from, into.data(), size, reading == Reading::busy_wait ? ENTROPY_BUSYWAIT : 0);
  return got > size ? -EIO : got;
}

}  // namespace

Reading reading_here() noexcept { return k_is_pre_kernel() || k_is_in_isr() ? Reading::busy_wait : Reading::blocking; }

bool PoolDevice::gather(Reading reading) noexcept {
  if (settings_ == nullptr) return false;  // somebody asks before our own turn at boot
  bool good = true;
  for (const auto& source : settings_->sources)  // first, so that what is credited afterwards takes them along
    if (source.credit_bits == 0) gather_from(source, reading);
  for (const auto& source : settings_->sources)
    if (source.credit_bits != 0) good = gather_from(source, reading) && good;
  return good;
}

bool PoolDevice::gather_from(const PoolSource& source, Reading reading) noexcept {
  const std::uint32_t folds_before = folds();
  const unsigned credit = source.credit_bits;
  RepetitionCount repetitions(credit == 0 ? 1 : credit);
  std::array<std::uint8_t, kReadBytes> bytes;
  const std::size_t wanted = credit == 0 ? kUntrustedBytes : (kPoolStateBits + credit - 1) / credit;
  std::size_t done = 0;
  bool good = true;
  while (good && done < wanted) {
    const auto room = std::span(bytes).first(wanted - done < kReadBytes ? wanted - done : kReadBytes);
    const int got = read_source(source.from, room, reading);
    if (got == 0 && reading == Reading::no_wait) break;  // it has no more just now
    good = got > 0 && repetitions.passes(room.first(static_cast<std::size_t>(got)));
    if (got > 0) add(room.first(static_cast<std::size_t>(got)), 0);
    done += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  erase(bytes);
  if (good) {
    credit_unless_folded(folds_before, done * credit);
    return true;
  }
  SpinGuard guard(lock_);
  ++source_failures_;
  return false;
}

}  // namespace qeaas
