// SPDX-License-Identifier: GPL-3.0-or-later
// Units of the entropy ledger. Entropy is counted in whole micro-bits, so that sums are exact and rounding is always down.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace qeaas {

inline constexpr std::uint64_t kMicrobitsPerBit = 1'000'000;
inline constexpr std::size_t kBlockBytes = 32;  // one full-entropy block: the output of SHA-256
inline constexpr std::size_t kBlockBits = 256;

// MinEntropy is an amount of min-entropy (or of full-entropy output), exact in micro-bits.
class MinEntropy {
 public:
  constexpr MinEntropy() noexcept = default;
  // from_bits rounds down; negative amounts and NaN become zero.
  static constexpr MinEntropy from_bits(double bits) noexcept {
    return MinEntropy(bits > 0 ? static_cast<std::uint64_t>(bits * static_cast<double>(kMicrobitsPerBit) + 1e-6) : 0);
  }
  static constexpr MinEntropy from_whole_bits(std::uint64_t bits) noexcept { return MinEntropy(bits * kMicrobitsPerBit); }
  static constexpr MinEntropy from_microbits(std::uint64_t microbits) noexcept { return MinEntropy(microbits); }

  constexpr std::uint64_t microbits() const noexcept { return microbits_; }
  constexpr std::uint64_t whole_bits() const noexcept { return microbits_ / kMicrobitsPerBit; }
  constexpr double bits() const noexcept { return static_cast<double>(microbits_) / static_cast<double>(kMicrobitsPerBit); }

  friend constexpr auto operator<=>(MinEntropy, MinEntropy) noexcept = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 mistakes it
  friend constexpr MinEntropy operator+(MinEntropy a, MinEntropy b) noexcept { return MinEntropy(a.microbits_ + b.microbits_); }
  friend constexpr MinEntropy operator*(MinEntropy a, std::uint64_t samples) noexcept { return MinEntropy(a.microbits_ * samples); }
  constexpr MinEntropy& operator+=(MinEntropy other) noexcept { return *this = *this + other; }
  // saturating_minus never goes below zero: a debt is not representable.
  constexpr MinEntropy saturating_minus(MinEntropy other) const noexcept {
    return MinEntropy(microbits_ > other.microbits_ ? microbits_ - other.microbits_ : 0);
  }

 private:
  constexpr explicit MinEntropy(std::uint64_t microbits) noexcept : microbits_(microbits) {}
  std::uint64_t microbits_ = 0;
};

}  // namespace qeaas
