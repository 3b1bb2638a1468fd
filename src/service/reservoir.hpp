// SPDX-License-Identifier: GPL-3.0-or-later
// Reservoir: the ring of full-entropy blocks between one pump and one worker. Lock-free; one thread pushes (the pump), the worker
// pops, and the pump may purge at the same time. A block that is taken or purged is wiped at once. Every block carries the
// generation of its source; a block of an older generation (before an alarm) is never given out.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/secret.hpp"
#include "base/units.hpp"

namespace qeaas {

class Reservoir {
 public:
  // capacity_blocks must be a power of two and at least 2.
  explicit Reservoir(std::size_t capacity_blocks);
  ~Reservoir();
  Reservoir(const Reservoir&) = delete;
  Reservoir& operator=(const Reservoir&) = delete;

  // push is false when the ring is full. Pump only.
  bool push(std::span<const std::uint8_t, kBlockBytes> block, std::uint32_t generation) noexcept;
  // pop gives out the oldest block of exactly this generation and wipes every other on the way; false when there is none.
  bool pop(std::span<std::uint8_t, kBlockBytes> block, std::uint32_t generation) noexcept;
  // purge discards and wipes all that is in the ring.
  void purge() noexcept;

  // size may be out of date as soon as it is known; it never exceeds the capacity.
  std::size_t size() const noexcept;
  std::size_t capacity() const noexcept { return mask_ + 1; }
  bool full() const noexcept { return size() == capacity(); }
  bool low() const noexcept { return size() <= capacity() / 2; }

 private:
  friend class ReservoirProbe;  // tests look at the memory of slots that were taken
  // Slot follows Vyukov's bounded queue: sequence == position means free for the push at that position, position + 1 means
  // holding its block. Only who moved head_ past a position may touch the block there.
  struct Slot {
    std::atomic<std::uint64_t> sequence{0};
    std::uint32_t generation = 0;
    std::array<std::uint8_t, kBlockBytes> block{};
  };
  // claim moves head_ past one full slot; nullptr when the ring is empty. release wipes the slot and frees it.
  Slot* claim(std::uint64_t& position) noexcept;
  void release(Slot& slot, std::uint64_t position) noexcept;

  std::uint64_t mask_;
  std::unique_ptr<Slot[]> slots_;
  alignas(64) std::atomic<std::uint64_t> head_{0};  // next to pop
  alignas(64) std::atomic<std::uint64_t> tail_{0};  // next to push
};

}  // namespace qeaas
