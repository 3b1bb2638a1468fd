// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics of a source's raw samples, for people who want to see the noise: value counts, bit balance, neighbours. RawWindow counts
// on the pump's thread and keeps no sample; RawStatistics is what the pump publishes of a full window.
//
// Why this tells nothing useful about served bits: only whole windows are published, each of at least 65,536 samples and of 64
// conditioned blocks. A block's n samples are then at most 1/64 of every count, and for independent samples a sum of N tells of a
// part of n of them about log2(1 / (1 - n/N)) / 2 bits: 0.012 bits a count, hence less than 3.1 bits of a block from all 259
// published numbers, or 6.2 where a block lies in two windows. Every block is conditioned from at least 64 bits more than it gives.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/provenance.hpp"
#include "base/secret.hpp"

namespace qeaas {

struct RawStatistics {
  unsigned sample_bits = 8;
  std::uint64_t window_samples = 0;     // length of a window; 0 before the source has been opened once
  std::uint64_t collected_samples = 0;  // of the window that is being counted
  std::uint64_t windows = 0;            // full ones so far. While it is 0, nothing below is set
  std::chrono::system_clock::time_point finished;
  std::array<std::uint64_t, 256> histogram{};   // by value. 2^sample_bits are meaningful; a broken source may have others
  std::array<std::uint64_t, 8> bit_ones{};      // by bit position, 0 is the least significant
  std::uint64_t pairs = 0;                      // neighbours within one read
  std::uint64_t equal_pairs = 0;                // of these, equal ones
  std::optional<std::int32_t> correlation_ppm;  // of neighbours, -1,000,000 to 1,000,000; none when all samples are equal
};

// SourceStatistics is RawStatistics with the source it is of.
struct SourceStatistics {
  SourceTag tag;
  RawStatistics raw;
};

// RawWindow counts consecutive samples until a window is full. To stay cheap on a fast source, a window begins no sooner than kPace
// after the one before it began; samples in between are not looked at.
class RawWindow {
 public:
  static constexpr std::uint64_t kLeastSamples = 65536;
  static constexpr std::uint64_t kLeastBlocks = 64;
  static constexpr std::chrono::milliseconds kPace{250};

  RawWindow() = default;  // counts nothing
  RawWindow(unsigned sample_bits, std::uint64_t samples_per_block) noexcept;

  // count looks at the samples of one read and is true when they made a window full: full() then has it.
  bool count(Bytes samples, TimePoint now) noexcept;
  // restart forgets a window that is not full, because the source was opened anew.
  void restart() noexcept;
  const RawStatistics& full() const noexcept { return full_; }
  std::uint64_t collected() const noexcept { return collected_; }

 private:
  void add(Bytes samples) noexcept;
  void close() noexcept;
  std::optional<std::int32_t> correlation_ppm() const noexcept;

  std::array<std::uint64_t, 256> counts_{};
  std::uint64_t collected_ = 0;
  std::uint64_t pairs_ = 0;
  std::uint64_t equal_pairs_ = 0;
  std::uint64_t products_ = 0;  // sum over the pairs
  std::uint64_t firsts_ = 0;    // sum of the samples that begin a read: they are no pair's second
  std::uint64_t lasts_ = 0;     // sum of those that end one
  std::optional<TimePoint> begun_;
  RawStatistics full_;
};

}  // namespace qeaas
