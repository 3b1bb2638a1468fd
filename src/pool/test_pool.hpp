// SPDX-License-Identifier: GPL-3.0-or-later
// For the tests of the pool, on the host and on a bare Cortex-M3: what is drawn from it, and what its memory holds.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "frame/test.hpp"
#include "pool/pool.hpp"

namespace qeaas {

using Block = std::array<std::uint8_t, 32>;

inline Block drawn(EntropyPool& pool) {
  Block out{};
  EXPECT_TRUE(pool.extract(out));
  return out;
}

inline bool holds(std::span<const std::uint8_t> memory, std::span<const std::uint8_t> secret) {
  return std::search(memory.begin(), memory.end(), secret.begin(), secret.end()) != memory.end();
}

}  // namespace qeaas
