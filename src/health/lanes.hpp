// SPDX-License-Identifier: GPL-3.0-or-later
// Counting equal bytes sixteen at a time, with the compilers' vector types (gcc and clang; any machine). No data-dependent branch.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/secret.hpp"

namespace qeaas::health {

inline constexpr std::size_t kLanes = 16;
using Lanes [[gnu::vector_size(kLanes)]] = std::int8_t;
// A lane counts in 7 bits, so a loop may add at most this many comparisons to it.
inline constexpr std::size_t kMostPerLane = 127;

inline Lanes load_lanes(const std::uint8_t* from) noexcept {
  Lanes lanes;
  std::memcpy(&lanes, from, kLanes);
  return lanes;
}

// sum_lanes adds sixteen counts of 0 to kMostPerLane.
inline std::uint32_t sum_lanes(Lanes lanes) noexcept {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), &lanes, kLanes);
  constexpr std::uint64_t kEven = 0x00ff00ff00ff00ff;
  const std::uint64_t pairs = (words[0] & kEven) + ((words[0] >> 8) & kEven) + (words[1] & kEven) + ((words[1] >> 8) & kEven);
  return static_cast<std::uint32_t>((pairs * 0x0001000100010001) >> 48);
}

// any_lane says whether any lane is not zero.
inline bool any_lane(Lanes lanes) noexcept {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), &lanes, kLanes);
  return (words[0] | words[1]) != 0;
}

// twice_alike says whether any word of count bytes of samples equals the word after it; words of Word's size, one after the other from
// the first sample on. It reads one word more than count, which is a multiple of kLanes.
template <class Word>
inline bool twice_alike(const std::uint8_t* samples, std::size_t count) noexcept {
  using Words [[gnu::vector_size(kLanes)]] = Word;
  Words found{};
  for (const std::uint8_t* end = samples + count; samples != end; samples += kLanes) {
    Words here, next;
    std::memcpy(&here, samples, kLanes);
    std::memcpy(&next, samples + sizeof(Word), kLanes);
    found |= here == next;
  }
  return any_lane(reinterpret_cast<Lanes>(found));
}

// count_value counts the samples equal to value. Two counters, so that no addition waits for the one before it.
inline std::uint32_t count_value(Bytes samples, std::uint8_t value) noexcept {
  std::uint32_t count = 0;
  const Lanes wanted = Lanes{} + static_cast<std::int8_t>(value);
  while (samples.size() >= 2 * kLanes) {
    const std::size_t rounds = std::min(samples.size() / (2 * kLanes), kMostPerLane / 2);
    Lanes even{}, odd{};
    for (std::size_t i = 0; i < rounds; ++i) {
      even -= load_lanes(samples.data() + 2 * i * kLanes) == wanted;
      odd -= load_lanes(samples.data() + (2 * i + 1) * kLanes) == wanted;
    }
    count += sum_lanes(even + odd);
    samples = samples.subspan(2 * rounds * kLanes);
  }
  for (const std::uint8_t sample : samples) count += sample == value;
  return count;
}

// any_bits is the OR of all samples.
inline std::uint8_t any_bits(Bytes samples) noexcept {
  Lanes lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= samples.size(); i += kLanes) lanes |= load_lanes(samples.data() + i);
  std::array<std::uint8_t, kLanes> each;
  std::memcpy(each.data(), &lanes, kLanes);
  std::uint8_t any = 0;
  for (const std::uint8_t lane : each) any |= lane;
  for (; i < samples.size(); ++i) any |= samples[i];
  return any;
}

}  // namespace qeaas::health
