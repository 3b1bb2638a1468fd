// SPDX-License-Identifier: GPL-3.0-or-later
// RDSEED: the processor's own generator, conditioned by its vendor. CMake picks rdseed_x86.cpp or rdseed_other.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "source/source.hpp"

namespace qeaas {

// RdseedUnit is the instruction as two functions, so that tests can bring a processor that lacks it or never has a value ready.
struct RdseedUnit {
  bool (*supported)() noexcept;
  bool (*step)(std::uint64_t& value) noexcept;  // one try; false when no value was ready
};
RdseedUnit machine_rdseed() noexcept;

inline constexpr unsigned kRdseedTries = 4096;  // each with a pause: some hundred microseconds, far beyond any load seen

std::unique_ptr<Source> make_rdseed_source(std::string id, std::optional<MinEntropy> per_sample = std::nullopt,
                                           RdseedUnit unit = machine_rdseed());

}  // namespace qeaas
