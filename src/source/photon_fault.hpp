// SPDX-License-Identifier: GPL-3.0-or-later
// The faults that the photon simulator can show, for testing what stands behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace qeaas {

enum class FaultKind : std::uint8_t {
  none,
  stuck,   // the last sample again and again; magnitude unused
  bias,    // every bit's probability of one rises by about magnitude: a zero becomes one with probability 2 * magnitude (0 to 0.5)
  drift,   // the light fades: the fraction magnitude (0 to 1) of its first strength is lost in every 1,024 samples, down to dark counts
  lag,     // a sample repeats the one before it with probability magnitude (0 to 1)
  period,  // the last magnitude samples (1 to 65,535) are repeated for ever
  slow,    // magnitude samples a second (0.001 to 1e9)
  vanish,  // gone: opening fails magnitude times, then works and the fault is over; with magnitude 0 it never comes back
};

struct PhotonFault {
  FaultKind kind = FaultKind::none;
  std::uint64_t onset_samples = 0;  // the index of the first sample that shows it, counted since the simulator was made
  double magnitude = 0;
};

std::string_view name(FaultKind kind) noexcept;
// fault_kind takes "none" and "stuck" to "vanish".
std::optional<FaultKind> fault_kind(std::string_view text) noexcept;
// check_fault: out_of_range with the limits of the kind.
Outcome<void> check_fault(const PhotonFault& fault);

}  // namespace qeaas
