// SPDX-License-Identifier: GPL-3.0-or-later
// FakeFlash is a storage for tests: it erases, then programs word after word, and can lose power between any two of these, refuse, lie or
// spoil a bit. No heap.
#pragma once

#include "pool/boot_seed.hpp"

namespace qeaas {

class FakeFlash final : public SeedStorage {
 public:
  using Slots = std::array<std::array<std::uint8_t, kSeedRecordBytes>, kSeedSlots>;
  static constexpr std::size_t kWordBytes = 8;
  static constexpr unsigned kEndless = ~0U;

  enum class Fault : std::uint8_t { none, refuses, ignores, spoils };

  constexpr FakeFlash() noexcept {
    for (auto& slot : slots) slot.fill(0xff);
  }

  bool read(unsigned slot, std::span<std::uint8_t, kSeedRecordBytes> record) noexcept override {
    if (power == 0 || slot == unreadable) return false;
    for (std::size_t i = 0; i < record.size(); ++i) record[i] = slots[slot][i];
    return true;
  }

  bool write(unsigned slot, SeedRecordView record) noexcept override {
    if (power == 0) return false;
    const Fault now = writes == faulty_write || faulty_write == kEndless ? fault : Fault::none;
    ++writes;
    if (now == Fault::refuses) return false;
    if (now == Fault::ignores) return true;
    for (std::size_t at = 0; at < record.size(); at += kWordBytes) set(slot, at, nullptr);
    for (std::size_t at = 0; at < record.size(); at += kWordBytes) set(slot, at, &record[at]);
    if (now == Fault::spoils) slots[slot][20] ^= 1;
    return power != 0;
  }

  Slots slots{};
  unsigned power = kEndless;         // words that can still be erased or programmed
  unsigned writes = 0;               // so far
  unsigned faulty_write = kEndless;  // which one has the fault; kEndless: all
  unsigned unreadable = kEndless;
  Fault fault = Fault::none;

 private:
  // set programs one word, or erases it.
  void set(unsigned slot, std::size_t at, const std::uint8_t* word) noexcept {
    if (power == 0) return;
    if (power != kEndless) --power;
    for (std::size_t i = 0; i < kWordBytes; ++i) slots[slot][at + i] = word == nullptr ? std::uint8_t{0xff} : word[i];
  }
};

}  // namespace qeaas
