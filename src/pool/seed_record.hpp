// SPDX-License-Identifier: GPL-3.0-or-later
// SeedRecord: how a boot seed lies in storage. 64 bytes: "QSED", version 1, the seed's length (32), two zeros, generation (32 bits, little
// end first), four zeros, the seed, and 16 bytes of a BLAKE2s over all of that. The tag shows damage and half-written records; it proves
// nothing about who wrote them, as everybody can compute it.
#pragma once

#include "crypto/blake2s.hpp"

namespace qeaas {

inline constexpr std::size_t kSeedRecordBytes = 64;
inline constexpr std::size_t kSeedBytes = 32;

using SeedRecordView = std::span<const std::uint8_t, kSeedRecordBytes>;

struct SeedRecord {
  std::uint32_t generation = 0;  // one more with every write; wraps
  std::array<std::uint8_t, kSeedBytes> seed{};

  SeedRecord() noexcept = default;
  SeedRecord(const SeedRecord&) = delete;
  SeedRecord& operator=(const SeedRecord&) = delete;
  ~SeedRecord() { erase(seed); }

  // parse takes a record apart. False, with a zeroed seed, for whatever encode does not write: blank, damaged or foreign.
  bool parse(SeedRecordView from) noexcept;
  void encode(std::span<std::uint8_t, kSeedRecordBytes> to) const noexcept;
  // newer compares generations that wrap.
  bool newer_than(const SeedRecord& other) const noexcept;
};

}  // namespace qeaas
