// SPDX-License-Identifier: GPL-3.0-or-later
// The boot seed's record and what a start makes of two slots that hold anything. Properties:
//  - a record that parses is exactly what encode writes for it; one that does not leaves no seed;
//  - a start credits only when one of the slots held a record, and gives an output only then;
//  - after a start that credited there is one record, of the next generation, and the old seeds are nowhere;
//  - the next start, whatever the first one found and however it failed, gives another output, or none;
//  - a start without a record writes nothing.
// The first byte says when the power fails (0 to 127: never), the second how the first write fails; then come two slots. Records that the
// input cannot guess are made from it when its third byte is odd, with the tag that belongs to them.
#include <algorithm>
#include <cstdlib>

#include "pool/boot_seed.hpp"
#include "pool/fake_flash.hpp"

namespace {

using namespace qeaas;
using Output = std::array<std::uint8_t, 32>;

void require(bool holds) {
  if (!holds) std::abort();
}

bool check_record(SeedRecordView bytes) {
  SeedRecord record;
  record.seed.fill(1);
  if (!record.parse(bytes)) {
    require(std::all_of(record.seed.begin(), record.seed.end(), [](auto byte) { return byte == 0; }));
    return false;
  }
  std::array<std::uint8_t, kSeedRecordBytes> again{};
  record.encode(again);
  require(std::equal(again.begin(), again.end(), bytes.begin()));
  return true;
}

bool holds(const FakeFlash& flash, std::span<const std::uint8_t> seed) {
  return std::any_of(flash.slots.begin(), flash.slots.end(),
                     [&](const auto& slot) { return std::search(slot.begin(), slot.end(), seed.begin(), seed.end()) != slot.end(); });
}

bool uniform(const std::array<std::uint8_t, kSeedBytes>& seed) {
  return std::all_of(seed.begin(), seed.end(), [&](auto byte) { return byte == seed[0]; });
}

void check_replaced(const FakeFlash& before, const FakeFlash& after) {
  SeedRecord now;
  const unsigned place = now.parse(after.slots[0]) ? 0 : 1;
  require(now.parse(after.slots[place]));
  require(!SeedRecord().parse(after.slots[1 - place]));
  bool follows = false;
  for (const auto& slot : before.slots) {
    SeedRecord old;
    if (!old.parse(slot)) continue;
    follows |= now.generation == old.generation + 1;
    require(uniform(old.seed) || !holds(after, old.seed));  // a wiped slot is as uniform
  }
  require(follows);
}

// start gives whether the pool was seeded, and then its first output.
bool start(FakeFlash& flash, Output& output) {
  EntropyPool pool;
  const FakeFlash before = flash;
  const bool had = check_record(before.slots[0]) || check_record(before.slots[1]);
  const auto result = BootSeed(flash).start(pool);
  require(pool.seeded() == (result == SeedResult::credited));
  require(had == (result != SeedResult::absent));
  require(had || flash.writes == before.writes);
  if (result == SeedResult::credited) check_replaced(before, flash);
  return pool.extract(output);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 + kSeedSlots * kSeedRecordBytes) return 0;
  FakeFlash flash;
  for (std::size_t slot = 0; slot < kSeedSlots; ++slot) {
    const std::uint8_t* from = data + 3 + slot * kSeedRecordBytes;
    std::copy_n(from, kSeedRecordBytes, flash.slots[slot].begin());
    if ((data[2] >> slot & 1) == 0) continue;
    SeedRecord record;
    for (std::size_t i = 0; i < 4; ++i) record.generation = record.generation << 8 | from[i];
    std::copy_n(from + 4, kSeedBytes, record.seed.begin());
    record.encode(flash.slots[slot]);
    if (slot == 1 && (data[2] & 4) != 0) flash.slots[1][from[40] % kSeedRecordBytes] ^= from[41];
  }
  flash.power = data[0] < 128 ? FakeFlash::kEndless : data[0] - 127U;
  flash.fault = static_cast<FakeFlash::Fault>(data[1] % 4);
  flash.faulty_write = data[1] / 4 % 3;
  Output first{}, second{};
  const bool one = start(flash, first);
  flash.power = FakeFlash::kEndless;
  flash.fault = FakeFlash::Fault::none;
  const bool two = start(flash, second);
  require(!(one && two) || first != second);
  return 0;
}
