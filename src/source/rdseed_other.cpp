// SPDX-License-Identifier: GPL-3.0-or-later
// Machines other than x86-64: there is no RDSEED.
#include "source/rdseed_source.hpp"

namespace qeaas {

RdseedUnit machine_rdseed() noexcept {
  return {.supported = +[]() noexcept { return false; }, .step = +[](std::uint64_t&) noexcept { return false; }};
}

}  // namespace qeaas
