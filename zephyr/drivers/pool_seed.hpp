// SPDX-License-Identifier: GPL-3.0-or-later
// PoolSeed: the boot seed of one pool, in a flash partition of which it uses the first erase block of each half. Constant before begin().
// All flash is read and written by the system work queue, without the pool's lock.
#pragma once

#include <zephyr/device.h>

#include "pool/boot_seed.hpp"

namespace qeaas {

struct SeedPlace {
  const device* flash;
  std::size_t offset;  // of the partition, bytes from the beginning of the flash
  std::size_t size;
};

class FlashSeedStorage final : public SeedStorage {
 public:
  constexpr explicit FlashSeedStorage(const SeedPlace& place) noexcept : place_(place) {}
  bool read(unsigned slot, std::span<std::uint8_t, kSeedRecordBytes> record) noexcept override;
  // write erases the block and writes the record. False also where the partition is not two erase blocks, or the flash writes in units
  // that do not fit into a record.
  bool write(unsigned slot, SeedRecordView record) noexcept override;

 private:
  bool block_of(unsigned slot, std::size_t& offset, std::size_t& size) const noexcept;
  SeedPlace place_;
};

class PoolSeed {
 public:
  constexpr PoolSeed(const SeedPlace& place, const SeedPolicy& policy) noexcept : storage_(place), policy_(policy) {}
  void begin() noexcept;
  BootSeed& operator*() noexcept { return *reinterpret_cast<BootSeed*>(room_); }
  BootSeed* operator->() noexcept { return &**this; }

 private:
  FlashSeedStorage storage_;
  SeedPolicy policy_;
  alignas(BootSeed) std::uint8_t room_[sizeof(BootSeed)]{};  // begin() makes it here, before constructors would have run
};

}  // namespace qeaas
