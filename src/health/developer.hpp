// SPDX-License-Identifier: GPL-3.0-or-later
// Developer-defined continuous tests (SP 800-90B 4.5) for what the prescribed two cannot see: correlation over a short distance,
// a lasting loss of a bit or so, and a stream that repeats itself. Cutoffs assume no more than the claim: given all samples before
// it, no value of the next one is likelier than 2^-H, so matches are dominated by a binomial distribution.
#pragma once

#include <array>

#include "base/secret.hpp"
#include "health/continuous.hpp"

namespace qeaas::health {

// LagTest counts x[i] == x[i - lag] for lags 1 to 16. Each window of 1,024 samples serves four of the lags in turn, and the counts
// are also kept over 256 windows, where the loss of a single bit of a full-entropy byte shows.
class LagTest {
 public:
  static constexpr std::size_t kWindowSamples = 1024;
  static constexpr std::size_t kLags = 16;
  static constexpr std::size_t kLagsPerWindow = 4;
  static constexpr std::size_t kComparisons = kWindowSamples - kLags;
  static constexpr std::size_t kLongWindows = 256;
  static constexpr std::size_t kLongComparisons = kComparisons * kLongWindows * kLagsPerWindow / kLags;
  // Bonferroni: sixteen lags share alpha.
  static constexpr unsigned kSharedBits = 4;

  explicit LagTest(MinEntropy per_sample) noexcept;

  // examine takes a multiple of kWindowSamples.
  Severity examine(Bytes samples) noexcept;
  void reset() noexcept;
  const Cutoffs& cutoffs() const noexcept { return short_; }
  const Cutoffs& long_cutoffs() const noexcept { return long_; }

 private:
  Severity examine_window(std::span<const std::uint8_t, kWindowSamples> window) noexcept;

  Cutoffs short_;
  Cutoffs long_;
  std::array<std::uint32_t, kLags> sums_{};
  std::size_t windows_ = 0;  // of the current long window
};

// RepeatTest looks for aligned chunks that came before, by fingerprint, among the latest of 4,096 slots. Two hits in a row are a
// permanent failure: with 32-bit tags their chance is 2^-64 a chunk. A chunk is as many lines as it takes for the part that is read to
// carry 128 claimed bits, so that a good source never repeats one. A loop of P samples shows within two chunks after its second pass, or
// after 64 passes when P is odd, as long as that is not many more chunks than there are slots. The table tells 44 bits about each chunk to
// whoever reads this memory, and is wiped with the object.
class RepeatTest {
 public:
  static constexpr std::size_t kLineSamples = 64;
  static constexpr std::size_t kReadSamples = 32;  // of each line; what repeats the line repeats these
  static constexpr std::size_t kSlots = 4096;
  static constexpr std::uint64_t kChunkBits = 128;

  explicit RepeatTest(MinEntropy per_sample) noexcept;
  RepeatTest(const RepeatTest&) = delete;
  RepeatTest& operator=(const RepeatTest&) = delete;
  ~RepeatTest() { reset(); }

  // examine takes a multiple of kLineSamples.
  Severity examine(Bytes samples) noexcept;
  void reset() noexcept;
  std::uint64_t chunk_samples() const noexcept { return chunk_lines_ * kLineSamples; }

 private:
  bool remember(std::uint64_t fingerprint) noexcept;

  std::uint64_t chunk_lines_;
  std::uint64_t lines_ = 0;                   // of the current chunk
  std::uint64_t fingerprint_ = 0;             // of the current chunk
  bool hit_ = false;                          // the previous chunk was in the table
  std::array<std::uint32_t, kSlots> tags_{};  // 0: never used
};

}  // namespace qeaas::health
