// SPDX-License-Identifier: GPL-3.0-or-later
// BootSeed: 256 bits that a device keeps in flash, so that its pool is seeded at once after power-on: read, overwritten, then used. A seed
// enters the pool only when its successor has been written and read back and its own record has been wiped, so that no power cut, wherever
// it comes, makes two starts from one seed. There are two slots: one holds the seed, the other takes its successor.
// What it cannot know: whether somebody has read the flash, has put an old image back, or has copied one image to many devices. Who fears
// that turns credit off, and mixes what differs between devices and starts (serial number, clock) before start().
// For firmware, as the pool: no heap, no exceptions, no RTTI, no locks. Each step below says whether it touches the pool or the storage,
// so that a driver can hold its lock for the one and never for the other.
#pragma once

#include "pool/pool.hpp"
#include "pool/seed_record.hpp"

namespace qeaas {

inline constexpr unsigned kSeedSlots = 2;

// SeedStorage is what the driver brings: two places that fail apart (in flash: two erase units or more).
class SeedStorage {
 public:
  // read fills record from a slot. False when it cannot.
  virtual bool read(unsigned slot, std::span<std::uint8_t, kSeedRecordBytes> record) noexcept = 0;
  // write replaces a slot, erasing it first where the medium needs that. False when it cannot; the slot may then hold anything.
  virtual bool write(unsigned slot, SeedRecordView record) noexcept = 0;

 protected:
  ~SeedStorage() = default;
};

struct SeedPolicy {
  bool credit = true;                  // false: a stored seed is mixed and credited nothing
  std::uint32_t reseeds_a_write = 16;  // stale() after the first reseed of a run, then each so many (0: never again): flash wears out
};

enum class SeedResult : std::uint8_t {
  credited,      // mixed, and credited 256 bits: the pool is seeded
  mixed,         // mixed; the policy credits nothing
  not_replaced,  // mixed, credited nothing: the storage did not take the successor, or would not let go of this seed
  absent,        // no usable seed: blank, damaged, or unreadable
};

class BootSeed {
 public:
  explicit BootSeed(SeedStorage& storage, const SeedPolicy& policy = {}) noexcept : storage_(storage), policy_(policy) {}
  ~BootSeed() { erase(next_); }
  BootSeed(const BootSeed&) = delete;
  BootSeed& operator=(const BootSeed&) = delete;

  // start is load, renew, store and use, for whoever needs no lock between them. Once, at power-on.
  SeedResult start(EntropyPool& pool) noexcept;
  // refresh is renew and store: the stored seed is replaced by one from the seeded pool. False: the old one may still be there.
  bool refresh(EntropyPool& pool) noexcept;
  // stale says that it is time for refresh: the pool has been reseeded, and often enough since the last write for the flash's sake.
  bool stale(const EntropyPool& pool) const noexcept;

  // load reads the newest record. Storage. False when there is none, and once a seed has been used.
  bool load() noexcept;
  // renew makes the successor, from the pool and what was loaded. Pool. False, and nothing to store, when it would be worth nothing: no
  // seed was loaded, and the pool is not seeded.
  bool renew(EntropyPool& pool) noexcept;
  // store writes the successor, reads it back, then wipes the other slot and reads that back. Storage. False when any of it failed.
  bool store() noexcept;
  // use mixes what was loaded, and credits it when store() succeeded after load(). Pool. A loaded seed is used once.
  SeedResult use(EntropyPool& pool) noexcept;

 private:
  bool put(unsigned slot, SeedRecordView record) noexcept;
  bool retire(unsigned slot) noexcept;

  SeedStorage& storage_;
  SeedPolicy policy_;
  SeedRecord loaded_;
  std::array<std::uint8_t, kSeedRecordBytes> next_{};  // the successor's record, between renew and store
  std::uint32_t generation_ = 0;                       // of the newest record
  std::uint32_t reseeds_then_ = 0;                     // the pool's count when the successor was made, the seed's own included
  unsigned slot_ = 1;                                  // of the newest record
  bool has_loaded_ = false;
  bool has_next_ = false;
  bool replaced_ = false;
  bool used_ = false;
  bool from_seeded_ = false;  // the last successor came from a seeded pool
};

}  // namespace qeaas
