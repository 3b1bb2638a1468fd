// SPDX-License-Identifier: GPL-3.0-or-later
// Names and limits of the simulator's faults.
#include "source/photon_fault.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace qeaas {
namespace {

struct Limits {
  std::string_view name;
  double least;
  double most;
  bool whole;
  std::string_view text;  // of the magnitude
};
constexpr std::array<Limits, 8> kLimits{{
    {"none", 0, 1e18, false, "ignored"},
    {"stuck", 0, 1e18, false, "ignored"},
    {"bias", 1e-9, 0.5, false, "a shift of the probability of one, above 0 and at most 0.5"},
    {"drift", 1e-9, 1, false, "the fraction of the light lost per 1,024 samples, above 0 and at most 1"},
    {"lag", 1e-9, 1, false, "a probability, above 0 and at most 1"},
    {"period", 1, 65535, true, "a whole number of samples from 1 to 65535"},
    {"slow", 1e-3, 1e9, false, "samples a second from 0.001 to 1e9"},
    {"vanish", 0, 1e6, true, "how many openings fail before it is back, a whole number; 0 for never"},
}};

}  // namespace

std::string_view name(FaultKind kind) noexcept { return kLimits[static_cast<std::size_t>(kind)].name; }

std::optional<FaultKind> fault_kind(std::string_view text) noexcept {
  const auto* found = std::find_if(kLimits.begin(), kLimits.end(), [&](const Limits& limits) { return limits.name == text; });
  if (found == kLimits.end()) return std::nullopt;
  return static_cast<FaultKind>(found - kLimits.begin());
}

Outcome<void> check_fault(const PhotonFault& wanted) {
  const auto& limits = kLimits[static_cast<std::size_t>(wanted.kind)];
  const bool inside = wanted.magnitude >= limits.least && wanted.magnitude <= limits.most;  // false for NaN
  if (inside && (!limits.whole || wanted.magnitude == std::floor(wanted.magnitude))) return {};
  return fault(Error::out_of_range, "the magnitude of fault " + std::string(limits.name) + " is " + std::string(limits.text));
}

}  // namespace qeaas
