// SPDX-License-Identifier: GPL-3.0-or-later
// What every conditioner shares: the number of samples that a block takes, and the check that it got exactly those.
#pragma once

#include <cstdlib>
#include <limits>

#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace qeaas::condition {

// samples_for rounds up. Samples that carry nothing never add up: the answer is then larger than any block.
constexpr std::size_t samples_for(MinEntropy needed, MinEntropy per_sample) noexcept {
  if (per_sample == MinEntropy()) return std::numeric_limits<std::size_t>::max();
  return (needed.microbits() + per_sample.microbits() - 1) / per_sample.microbits();
}

// must_be_exact ends the process: a block made from fewer samples than were accounted for must not exist, not even as zeros.
inline void must_be_exact(Bytes samples, std::size_t wanted) noexcept {
  if (samples.size() == wanted) return;
  log::error("a conditioner was given another number of samples than it accounts for; the process stops");
  std::abort();
}

}  // namespace qeaas::condition
