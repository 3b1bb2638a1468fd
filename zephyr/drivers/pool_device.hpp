// SPDX-License-Identifier: GPL-3.0-or-later
// PoolDevice: one EntropyPool as a Zephyr device. A spinlock guards the pool's own arithmetic, one piece of at most 64 bytes at a time, and
// nothing else: sources are read, work is submitted and listeners are called without it. Lives in static memory, is zero before begin(),
// and is never destroyed. The order of calls: begin() before the kernel runs, start() once the system work queue does, the rest any time.
#pragma once

#include <qeaas/entropy.h>
#include <zephyr/kernel.h>
#include <zephyr/spinlock.h>

#include "pool/pool.hpp"

namespace qeaas {

struct PoolSource {
  const device* from;
  std::uint8_t credit_bits;  // per byte; 0: untrusted, mixed and credited nothing
};

class PoolSeed;

struct PoolSettings {
  std::span<const PoolSource> sources;
  PoolPolicy policy;
  PoolSeed* seed = nullptr;  // none: the pool begins every start with nothing
};

// How a source may be read where we are.
enum class Reading : std::uint8_t {
  blocking,   // entropy_get_entropy: a thread
  busy_wait,  // entropy_get_entropy_isr with ENTROPY_BUSYWAIT: before the kernel runs, or an ISR that allows it
  no_wait,    // entropy_get_entropy_isr without: an ISR that does not
};

// reading_here is the most that the caller's context allows.
Reading reading_here() noexcept;

class PoolDevice {
 public:
  constexpr PoolDevice() noexcept = default;

  void begin(const device& self, const PoolSettings& settings) noexcept;
  void start() noexcept;

  // add mixes and credits, in pieces that carry their share of bits each; bits is at most 8 for each byte. Any context.
  void add(std::span<const std::uint8_t> data, std::size_t bits) noexcept;
  // inject is add for what comes from outside, and counts it.
  void inject(std::span<const std::uint8_t> data, std::size_t bits) noexcept;
  // extract fills out. False, with out zeroed, when the pool is not seeded and its sources, read as allowed, cannot seed it.
  bool extract(std::span<std::uint8_t> out, Reading reading) noexcept;
  // gather reads all sources once: 256 bits' worth of each trusted one. False when one of them failed. Without the lock.
  bool gather(Reading reading) noexcept;

  // started: the system work queue runs, and start() has been called.
  bool started() noexcept;
  bool seeded() noexcept;
  bool wants_refill() noexcept;
  void status(struct qeaas_pool_status& to) noexcept;
  void on_low(qeaas_pool_low_t listener, void* user_data) noexcept;

 private:
  EntropyPool& pool() noexcept { return *reinterpret_cast<EntropyPool*>(room_); }
  bool begins_to_want() noexcept;
  void ask_for_refill() noexcept;
  bool gather_from(const PoolSource& source, Reading reading) noexcept;
  void credit_unless_folded(std::uint32_t folds, std::size_t bits) noexcept;
  std::uint32_t folds() noexcept;
  void refill() noexcept;
  void tell_listener() noexcept;
  k_timeout_t until_next_refill() noexcept;
  k_timeout_t back_off() noexcept;
  // The boot seed; pool_without_seed.cpp has these for builds without flash.
  void begin_seed() noexcept;
  void keep_seed() noexcept;
  void use_seed() noexcept;
  bool renew_seed() noexcept;
  bool seed_is_due() noexcept;

  static void on_refill_work(k_work* work);
  static void on_low_work(k_work* work);
  static void on_seed_work(k_work* work);

  k_spinlock lock_{};
  alignas(EntropyPool) std::uint8_t room_[sizeof(EntropyPool)]{};  // begin() makes the pool here, before constructors would have run
  const device* self_ = nullptr;
  const PoolSettings* settings_ = nullptr;
  k_work_delayable refill_work_{};
  k_work low_work_{};
  k_work seed_work_{};
  qeaas_pool_low_t listener_ = nullptr;
  void* listener_data_ = nullptr;
  std::int64_t next_refill_ms_ = 0;  // uptime
  std::int64_t next_seed_ms_ = 0;    // uptime
  std::uint32_t folds_ = 0;          // times that the accumulator was emptied other than by a reseed
  std::uint32_t failures_in_a_row_ = 0;
  std::uint32_t extracted_bytes_ = 0;
  std::uint32_t injected_bytes_ = 0;
  std::uint32_t refused_ = 0;
  std::uint32_t source_failures_ = 0;
  qeaas_boot_seed boot_seed_ = QEAAS_BOOT_SEED_NONE;
  bool started_ = false;
  bool asked_ = false;  // the pool wants a refill, and that has been said
};

// pool_of is the pool behind a device, or nullptr when dev is not of this driver.
PoolDevice* pool_of(const device* dev) noexcept;

}  // namespace qeaas
