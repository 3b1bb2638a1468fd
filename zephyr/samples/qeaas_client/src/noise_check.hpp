// SPDX-License-Identifier: GPL-3.0-or-later
// What is asked of the radio's noise before it is credited: the two continuous tests of SP 800-90B 4.4 over one reading. They find a
// generator that is stuck or nearly so, and no more: that it is good is the claim of its maker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sample {

inline constexpr std::size_t kNoiseBytes = 64;
inline constexpr std::size_t kNoiseBits = 256;  // credited for them: 4 bits a byte, half of what an ideal generator would give

// A false alarm in 2^20 readings or less, at 4 bits a byte. The same byte so often in a row: 1 + 20 / 4 (4.4.1).
inline constexpr std::size_t kRepetitions = 6;
// Any one byte so often among all of them (4.4.2, which looks at the first only): no more than 16 values can have a chance of 1/16 each.
inline constexpr std::size_t kProportion = 18;

inline bool is_alive(std::span<const std::uint8_t, kNoiseBytes> noise) noexcept {
  std::array<std::uint8_t, 256> seen{};
  std::size_t run = 0;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    run = i > 0 && noise[i] == noise[i - 1] ? run + 1 : 1;
    if (run >= kRepetitions || ++seen[noise[i]] >= kProportion) return false;
  }
  return true;
}

}  // namespace sample
