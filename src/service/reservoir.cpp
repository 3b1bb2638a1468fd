// SPDX-License-Identifier: GPL-3.0-or-later
// The ring of full-entropy blocks.
#include "service/reservoir.hpp"

#include <algorithm>
#include <cassert>

namespace qeaas {

Reservoir::Reservoir(std::size_t capacity_blocks) : mask_(capacity_blocks - 1), slots_(std::make_unique<Slot[]>(capacity_blocks)) {
  assert(capacity_blocks >= 2 && (capacity_blocks & mask_) == 0);
  for (std::size_t i = 0; i < capacity_blocks; ++i) slots_[i].sequence.store(i, std::memory_order_relaxed);
}

Reservoir::~Reservoir() { purge(); }

bool Reservoir::push(std::span<const std::uint8_t, kBlockBytes> block, std::uint32_t generation) noexcept {
  const auto position = tail_.load(std::memory_order_relaxed);
  Slot& slot = slots_[position & mask_];
  if (slot.sequence.load(std::memory_order_acquire) != position) return false;
  std::copy(block.begin(), block.end(), slot.block.begin());
  slot.generation = generation;
  slot.sequence.store(position + 1, std::memory_order_release);
  tail_.store(position + 1, std::memory_order_release);
  return true;
}

Reservoir::Slot* Reservoir::claim(std::uint64_t& position) noexcept {
  position = head_.load(std::memory_order_relaxed);
  for (;;) {
    Slot& slot = slots_[position & mask_];
    const auto sequence = slot.sequence.load(std::memory_order_acquire);
    if (sequence == position + 1) {
      // seq_cst, because a pump that goes to sleep stores its flag and then looks at size(), and we do the reverse.
      if (head_.compare_exchange_weak(position, position + 1)) return &slot;
      continue;
    }
    if (sequence <= position) return nullptr;
    position = head_.load(std::memory_order_relaxed);  // somebody else took it
  }
}

void Reservoir::release(Slot& slot, std::uint64_t position) noexcept {
  wipe(slot.block);
  slot.sequence.store(position + mask_ + 1, std::memory_order_release);
}

bool Reservoir::pop(std::span<std::uint8_t, kBlockBytes> block, std::uint32_t generation) noexcept {
  std::uint64_t position = 0;
  while (Slot* slot = claim(position)) {
    const bool good = slot->generation == generation;
    if (good) std::copy(slot->block.begin(), slot->block.end(), block.begin());
    release(*slot, position);
    if (good) return true;
  }
  return false;
}

void Reservoir::purge() noexcept {
  std::uint64_t position = 0;
  while (Slot* slot = claim(position)) release(*slot, position);
}

std::size_t Reservoir::size() const noexcept {
  const auto head = head_.load();
  const auto tail = tail_.load();
  return tail > head ? static_cast<std::size_t>(std::min(tail - head, mask_ + 1)) : 0;
}

}  // namespace qeaas
