// SPDX-License-Identifier: GPL-3.0-or-later
// BootSeed. The successor and what enters the pool are both derived from the seed, for different purposes: neither leads to the other, nor
// back to the seed. What is mixed without credit has a purpose of its own, so that what is credited later was in no pool before.
#include "pool/boot_seed.hpp"

namespace qeaas {
namespace {

enum class Purpose : std::uint8_t { successor = 0, credited = 1, uncredited = 2 };

using Digest = std::array<std::uint8_t, kBlake2sBytes>;
using Record = std::array<std::uint8_t, kSeedRecordBytes>;

void derive(const Digest& seed, Purpose purpose, std::span<const std::uint8_t> more, Digest& into) noexcept {
  const std::array<std::uint8_t, 1> label{static_cast<std::uint8_t>(purpose)};
  Blake2s hash(seed);
  hash.update(label).update(more).finish(into);
}

// A slot whose bytes are all alike holds nothing: erased flash, or what retire writes.
bool blank(SeedRecordView record) noexcept {
  unsigned difference = 0;
  for (const auto byte : record) difference |= static_cast<unsigned>(byte ^ record[0]);
  return difference == 0;
}

bool same(SeedRecordView a, SeedRecordView b) noexcept {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

SeedResult BootSeed::start(EntropyPool& pool) noexcept {
  if (load() && renew(pool)) store();
  return use(pool);
}

bool BootSeed::refresh(EntropyPool& pool) noexcept { return renew(pool) && store(); }

bool BootSeed::stale(const EntropyPool& pool) const noexcept {
  const std::uint32_t since = pool.reseeds() - reseeds_then_;
  if (!pool.seeded() || since == 0) return false;
  return !from_seeded_ || (policy_.reseeds_a_write != 0 && since >= policy_.reseeds_a_write);
}

bool BootSeed::load() noexcept {
  replaced_ = false;
  has_loaded_ = false;
  if (used_) return false;
  for (unsigned slot = 0; slot < kSeedSlots; ++slot) {
    Record record{};
    SeedRecord found;
    const bool usable = storage_.read(slot, record) && found.parse(record);
    erase(record);
    if (!usable || (has_loaded_ && !found.newer_than(loaded_))) continue;
    copy_secret(found.seed, loaded_.seed);
    loaded_.generation = found.generation;
    generation_ = found.generation;
    slot_ = slot;
    has_loaded_ = true;
  }
  return has_loaded_;
}

bool BootSeed::renew(EntropyPool& pool) noexcept {
  has_next_ = has_loaded_ || pool.seeded();
  if (!has_next_) return false;
  SeedRecord next;
  next.generation = generation_ + 1;
  pool.draw_seed(next.seed);
  if (has_loaded_) {
    Digest fresh;
    copy_secret(next.seed, fresh);
    derive(loaded_.seed, Purpose::successor, fresh, next.seed);
    erase(fresh);
  }
  next.encode(next_);
  from_seeded_ = pool.seeded();
  reseeds_then_ = pool.reseeds();
  return true;
}

bool BootSeed::store() noexcept {
  if (!has_next_) return false;
  has_next_ = false;
  const unsigned target = (slot_ + 1) % kSeedSlots;
  const bool written = put(target, next_);
  erase(next_);
  if (!written) return false;
  const unsigned old = slot_;
  slot_ = target;
  ++generation_;
  replaced_ = retire(old);
  return replaced_;
}

SeedResult BootSeed::use(EntropyPool& pool) noexcept {
  if (!has_loaded_) return SeedResult::absent;
  // Not replaced, the same record may be read at the next start: what it gives is then no secret of this run, nor new in the next.
  Digest value;
  derive(loaded_.seed, replaced_ ? Purpose::credited : Purpose::uncredited, {}, value);
  erase(loaded_.seed);
  has_loaded_ = false;
  used_ = true;
  const bool credits = replaced_ && policy_.credit;
  pool.add(value, credits ? kPoolStateBits : 0);
  erase(value);
  if (credits) ++reseeds_then_;
  if (!replaced_) return SeedResult::not_replaced;
  return credits ? SeedResult::credited : SeedResult::mixed;
}

bool BootSeed::put(unsigned slot, SeedRecordView record) noexcept {
  if (!storage_.write(slot, record)) return false;
  Record back{};
  const bool good = storage_.read(slot, back) && same(back, record);
  erase(back);
  return good;
}

bool BootSeed::retire(unsigned slot) noexcept {
  Record record{};
  bool gone = storage_.read(slot, record) && blank(record);
  if (!gone) {
    erase(record);
    gone = storage_.write(slot, record) && storage_.read(slot, record) && blank(record);
  }
  erase(record);
  return gone;
}

}  // namespace qeaas
