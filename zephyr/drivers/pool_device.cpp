// SPDX-License-Identifier: GPL-3.0-or-later
// PoolDevice: what happens under the lock. A piece of 64 bytes costs at most eight BLAKE2s compressions with interrupts off.
#include "pool_device.hpp"

#include <new>

#include "spin_guard.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kPieceBytes = 64;

constexpr std::size_t smaller(std::size_t a, std::size_t b) noexcept { return a < b ? a : b; }

}  // namespace

void PoolDevice::begin(const device& self, const PoolSettings& settings) noexcept {
  self_ = &self;
  settings_ = &settings;
  new (room_) EntropyPool(settings.policy);
  k_work_init_delayable(&refill_work_, &PoolDevice::on_refill_work);
  k_work_init(&low_work_, &PoolDevice::on_low_work);
  begin_seed();
}

void PoolDevice::add(std::span<const std::uint8_t> data, std::size_t bits) noexcept {
  bool seed_due = false;
  while (!data.empty()) {
    const std::size_t size = smaller(data.size(), kPieceBytes);
    const auto share = static_cast<std::size_t>(std::uint64_t{bits} * size / data.size());
    {
      SpinGuard guard(lock_);
      pool().add(data.first(size), static_cast<unsigned>(share));
      if (!pool().wants_refill()) asked_ = false;
      seed_due = seed_is_due();
    }
    bits -= share;
    data = data.subspan(size);
  }
  if (seed_due) k_work_submit(&seed_work_);
}

void PoolDevice::inject(std::span<const std::uint8_t> data, std::size_t bits) noexcept {
  add(data, bits);
  SpinGuard guard(lock_);
  injected_bytes_ += static_cast<std::uint32_t>(data.size());
}

bool PoolDevice::extract(std::span<std::uint8_t> out, Reading reading) noexcept {
  if (!seeded()) gather(reading);
  bool asks = false;
  auto rest = out;
  do {
    const auto piece = rest.first(smaller(rest.size(), kPieceBytes));
    SpinGuard guard(lock_);
    if (!pool().extract(piece)) {  // the first piece, or none: a pool that was seeded stays so
      ++refused_;
      erase(out);
      return false;
    }
    extracted_bytes_ += static_cast<std::uint32_t>(piece.size());
    asks = begins_to_want() || asks;
    rest = rest.subspan(piece.size());
  } while (!rest.empty());
  if (asks) ask_for_refill();
  return true;
}

// credit_unless_folded credits what has been mixed piece by piece, after all of it has been looked at. When the accumulator was folded into
// the key in between, a part of it is there already, uncredited, and the accumulator does not hold it: nothing is credited then.
void PoolDevice::credit_unless_folded(std::uint32_t folds, std::size_t bits) noexcept {
  bool seed_due;
  {
    SpinGuard guard(lock_);
    if (pool().reseeds() + folds_ != folds) return;
    pool().credit(static_cast<unsigned>(smaller(bits, kPoolStateBits)));
    if (!pool().wants_refill()) asked_ = false;
    seed_due = seed_is_due();
  }
  if (seed_due) k_work_submit(&seed_work_);
}

// begins_to_want is true once, under the lock, when the pool has come to want a refill and nobody has been asked yet.
bool PoolDevice::begins_to_want() noexcept {
  if (!started_ || asked_ || !pool().wants_refill()) return false;
  asked_ = true;
  return true;
}

bool PoolDevice::seeded() noexcept {
  SpinGuard guard(lock_);
  return pool().seeded();
}

bool PoolDevice::wants_refill() noexcept {
  SpinGuard guard(lock_);
  return pool().wants_refill();
}

bool PoolDevice::started() noexcept {
  SpinGuard guard(lock_);
  return started_;
}

// folds counts how often the accumulator has been emptied.
std::uint32_t PoolDevice::folds() noexcept {
  SpinGuard guard(lock_);
  return pool().reseeds() + folds_;
}

void PoolDevice::status(struct qeaas_pool_status& to) noexcept {
  SpinGuard guard(lock_);
  to = {
      .seeded = pool().seeded(),
      .wants_refill = pool().wants_refill(),
      .level_bits = static_cast<std::uint16_t>(pool().level_bits()),
      .pending_bits = static_cast<std::uint16_t>(pool().pending_bits()),
      .reseeds = pool().reseeds(),
      .extracted_bytes = extracted_bytes_,
      .injected_bytes = injected_bytes_,
      .refused = refused_,
      .source_failures = source_failures_,
      .boot_seed = boot_seed_,
  };
}

}  // namespace qeaas
