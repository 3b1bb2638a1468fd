// SPDX-License-Identifier: GPL-3.0-or-later
// DeviceSupply: a character device such as /dev/qrandom0, opened early and kept, so that it outlives a chroot. A forked child reads from
// the same open device: the driver gives every read bytes of its own. Two equal blocks of 16 bytes in a row latch an alarm.
#pragma once

#include "supply.hpp"

namespace qeaas::provider {

class DeviceSupply final : public Supply {
 public:
  explicit DeviceSupply(std::string path) : path_(std::move(path)) {}
  void open() noexcept override;
  Outcome<void> fetch(MutableBytes out, TimePoint deadline) override;

 private:
  static constexpr std::size_t kBlockBytes = 16;

  Outcome<void> ensure_open();
  Outcome<void> read_all(MutableBytes out, TimePoint deadline);
  Outcome<void> check(Bytes bytes);

  std::string path_;
  OwnDescriptor device_;
  Secret<kBlockBytes> last_;
  bool have_last_ = false;
  bool alarmed_ = false;
};

}  // namespace qeaas::provider
