// SPDX-License-Identifier: GPL-3.0-or-later
// The boot seed over Zephyr's flash interface, and when PoolDevice reads and replaces it.
#include "pool_seed.hpp"

#include <new>
#include <zephyr/drivers/flash.h>

#include "pool_device.hpp"
#include "spin_guard.hpp"

namespace qeaas {

// block_of finds the slot's erase block. False when the partition is no place for two of them.
bool FlashSeedStorage::block_of(unsigned slot, std::size_t& offset, std::size_t& size) const noexcept {
  if (!device_is_ready(place_.flash)) return false;
  flash_pages_info first, page;
  if (flash_get_page_info_by_offs(place_.flash, static_cast<off_t>(place_.offset), &first) != 0) return false;
  const std::size_t half = place_.size / 2 / first.size * first.size;
  offset = place_.offset + slot * half;
  if (half == 0 || flash_get_page_info_by_offs(place_.flash, static_cast<off_t>(offset), &page) != 0) return false;
  size = page.size;
  const bool begins_here = static_cast<std::size_t>(page.start_offset) == offset;
  return begins_here && size >= kSeedRecordBytes && offset + size <= place_.offset + place_.size;
}

bool FlashSeedStorage::read(unsigned slot, std::span<std::uint8_t, kSeedRecordBytes> record) noexcept {
  std::size_t offset, size;
  return block_of(slot, offset, size) && flash_read(place_.flash, static_cast<off_t>(offset), record.data(), record.size()) == 0;
}

bool FlashSeedStorage::write(unsigned slot, SeedRecordView record) noexcept {
  std::size_t offset, size;
  if (!block_of(slot, offset, size)) return false;
  const std::size_t unit = flash_get_write_block_size(place_.flash);
  if (unit == 0 || record.size() % unit != 0) return false;
  return flash_flatten(place_.flash, static_cast<off_t>(offset), size) == 0 &&
         flash_write(place_.flash, static_cast<off_t>(offset), record.data(), record.size()) == 0;
}

void PoolSeed::begin() noexcept { new (room_) BootSeed(storage_, policy_); }

void PoolDevice::begin_seed() noexcept {
  k_work_init(&seed_work_, &PoolDevice::on_seed_work);
  if (settings_->seed != nullptr) settings_->seed->begin();
}

void PoolDevice::on_seed_work(k_work* work) { CONTAINER_OF(work, PoolDevice, seed_work_)->keep_seed(); }

void PoolDevice::keep_seed() noexcept {
  if (boot_seed_ == QEAAS_BOOT_SEED_NONE) use_seed();
  bool renewed = false;
  {
    SpinGuard guard(lock_);
    if (!seed_is_due()) return;
    renewed = renew_seed();
    next_seed_ms_ = k_uptime_get() + std::int64_t{CONFIG_QEAAS_ENTROPY_SEED_INTERVAL_S} * 1000;
  }
  if (renewed) (*settings_->seed)->store();
}

void PoolDevice::use_seed() noexcept {
  PoolSeed& seed = *settings_->seed;
  bool renewed = false;
  if (seed->load()) {
    SpinGuard guard(lock_);
    renewed = renew_seed();
  }
  if (renewed) seed->store();
  SpinGuard guard(lock_);
  switch (seed->use(pool())) {
    case SeedResult::credited: boot_seed_ = QEAAS_BOOT_SEED_CREDITED; break;
    case SeedResult::mixed: boot_seed_ = QEAAS_BOOT_SEED_MIXED; break;
    case SeedResult::not_replaced: boot_seed_ = QEAAS_BOOT_SEED_NOT_REPLACED; break;
    case SeedResult::absent: boot_seed_ = QEAAS_BOOT_SEED_ABSENT; break;
  }
  if (!pool().wants_refill()) asked_ = false;
}

// renew_seed takes the accumulator of an unseeded pool, so what was mixed before is not in it any more: folds_ tells those who would
// credit.
bool PoolDevice::renew_seed() noexcept {
  ++folds_;
  return (*settings_->seed)->renew(pool());
}

// seed_is_due: stale, and for the flash's sake not too soon. Under the lock.
bool PoolDevice::seed_is_due() noexcept {
  return started_ && settings_->seed != nullptr && (*settings_->seed)->stale(pool()) && k_uptime_get() >= next_seed_ms_;
}

}  // namespace qeaas
