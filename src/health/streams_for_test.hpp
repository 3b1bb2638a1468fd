// SPDX-License-Identifier: GPL-3.0-or-later
// Sample streams for the tests of this folder: good ones with a known min-entropy, from a fixed seed.
#pragma once

#include <cstring>
#include <random>
#include <vector>

#include "base/secret.hpp"
#include "base/units.hpp"

namespace qeaas::health {

using Generator = std::mt19937_64;

inline MinEntropy bits(double h) { return MinEntropy::from_bits(h); }

// fill_good gives uniform samples of entropy_bits bits, hence a min-entropy of exactly that. A multiple of 8 samples.
inline void fill_good(Generator& generator, MutableBytes samples, unsigned entropy_bits) {
  const std::uint64_t mask = std::uint64_t{0x0101010101010101} * (0xffU >> (8 - entropy_bits));
  for (std::size_t i = 0; i + 8 <= samples.size(); i += 8) {
    const std::uint64_t word = generator() & mask;
    std::memcpy(samples.data() + i, &word, 8);
  }
}

inline std::vector<std::uint8_t> good_samples(Generator& generator, std::size_t count, unsigned entropy_bits) {
  std::vector<std::uint8_t> samples(count);
  fill_good(generator, samples, entropy_bits);
  return samples;
}

// chance is true with the probability p.
inline bool chance(Generator& generator, double p) { return static_cast<double>(generator() >> 11) * 0x1p-53 < p; }

}  // namespace qeaas::health
