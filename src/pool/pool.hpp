// SPDX-License-Identifier: GPL-3.0-or-later
// EntropyPool: what a device keeps between its own noise, entropy from outside and whoever asks for random bytes. The construction is that
// of Linux's random.c, over BLAKE2s: an accumulator takes whatever comes; when it has been credited 256 bits it is folded into the key,
// whole; outputs are made from the key, and the key is replaced before they are. Small injections therefore never show in outputs one by
// one. For firmware: no heap, no exceptions, no RTTI, no locks (the driver brings its own), no libc.
#pragma once

#include "crypto/blake2s.hpp"

namespace qeaas {

inline constexpr unsigned kPoolStateBits = 256;  // what a 256-bit state can hold, whatever is credited

// PoolPolicy is accounting, not security: the pool is seeded once with 256 bits, and after that never fails. The levels say when to ask
// for more. The paper's 512 and 128 mean: full at 512 (which the state cannot hold, so 256), refill below 128.
struct PoolPolicy {
  unsigned full_bits = kPoolStateBits;  // clipped to kPoolStateBits
  unsigned low_bits = 128;              // below this, wants_refill; clipped to full_bits
};

class EntropyPool {
 public:
  static constexpr std::size_t kKeyBytes = kBlake2sBytes;

  explicit EntropyPool(const PoolPolicy& policy = {}) noexcept;
  ~EntropyPool() { erase(key_); }
  EntropyPool(const EntropyPool&) = delete;
  EntropyPool& operator=(const EntropyPool&) = delete;

  // mix takes bytes of any quality, and credits nothing.
  void mix(std::span<const std::uint8_t> data) noexcept;
  // credit says that what was mixed since the last reseed holds so many bits more. At 256 the pool reseeds, at once. It saturates: what is
  // credited beyond that is forgotten, as more than the state can hold.
  void credit(unsigned bits) noexcept;
  // add does both; a source cannot be credited more bits than it gave.
  void add(std::span<const std::uint8_t> data, unsigned bits) noexcept;

  // extract fills out. False, with out zeroed, before the first 256 bits have been credited. A stranger who reads the whole state
  // afterwards learns nothing of out or of anything earlier.
  bool extract(std::span<std::uint8_t> out) noexcept;

  bool seeded() const noexcept { return seeded_; }
  unsigned level_bits() const noexcept { return level_bits_; }      // by the policy's accounting, 0 to full_bits
  unsigned pending_bits() const noexcept { return pending_bits_; }  // credited since the last reseed, below 256
  std::uint32_t reseeds() const noexcept { return reseeds_; }
  bool wants_refill() const noexcept { return !seeded_ || level_bits_ < low_bits_; }

 private:
  friend class BootSeed;

  void reseed() noexcept;
  // generate makes out from the key, which it replaces first.
  void generate(std::span<std::uint8_t> out) noexcept;
  // draw_seed gives what a stored seed is made from: from the key once the pool is seeded, before that from whatever was mixed.
  void draw_seed(std::span<std::uint8_t, kKeyBytes> out) noexcept;

  Blake2s accumulator_;
  std::array<std::uint8_t, kKeyBytes> key_{};
  unsigned full_bits_;
  unsigned low_bits_;
  unsigned pending_bits_ = 0;
  unsigned level_bits_ = 0;
  std::uint32_t reseeds_ = 0;
  bool seeded_ = false;
};

}  // namespace qeaas
