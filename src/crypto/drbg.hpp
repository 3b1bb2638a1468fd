// SPDX-License-Identifier: GPL-3.0-or-later
// Hash_DRBG with SHA-256, SP 800-90A rev. 1 section 10.1.1, security strength 256 bits. It expands entropy that the caller brings:
// it never fetches any itself. One thread; the state is wiped at the end; nothing is allocated.
#pragma once

#include <array>
#include <cstdint>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

class HashDrbg {
 public:
  static constexpr std::size_t kSeedLengthBytes = 55;           // seedlen = 440 bits, table 2
  static constexpr std::size_t kMinEntropyBytes = 32;           // the security strength
  static constexpr std::size_t kMinNonceBytes = 16;             // half of it, section 8.6.7
  static constexpr std::size_t kMaxRequestBytes = 65536;        // 2^19 bits, table 2
  static constexpr std::size_t kMaxInputBytes = 65536;          // our own bound, far below the standard's 2^35 bits
  static constexpr std::uint64_t kReseedInterval = 1ULL << 48;  // requests between reseeds, table 2

  // HashDrbg starts without a seed. reseed_interval can only be lowered.
  explicit HashDrbg(std::uint64_t reseed_interval = kReseedInterval) noexcept;
  ~HashDrbg();
  HashDrbg(const HashDrbg&) = delete;
  HashDrbg& operator=(const HashDrbg&) = delete;

  // instantiate sets the first seed (10.1.1.2). Errors: out_of_range for too little entropy or nonce, too_large.
  Status instantiate(Bytes entropy, Bytes nonce, Bytes personalization = {}) noexcept;
  // reseed mixes fresh entropy in (10.1.1.3). Errors: starved before instantiate, out_of_range, too_large.
  Status reseed(Bytes entropy, Bytes additional = {}) noexcept;
  // generate fills out (10.1.1.4). Errors, which leave out zeroed: starved without a seed or when the reseed interval is used
  // up; too_large for more than kMaxRequestBytes.
  Status generate(MutableBytes out, Bytes additional = {}) noexcept;
  // forget wipes the state (uninstantiate, 9.4).
  void forget() noexcept;
  bool seeded() const noexcept { return reseed_counter_ != 0; }

 private:
  using Seed = Secret<kSeedLengthBytes>;
  void set_constant() noexcept;
  void add_additional(Bytes additional) noexcept;
  void hash_gen(MutableBytes out) const noexcept;
  void step() noexcept;

  Seed v_;
  Seed c_;
  std::uint64_t reseed_counter_ = 0;  // 0: no seed yet
  std::uint64_t reseed_interval_;
};

}  // namespace qeaas
