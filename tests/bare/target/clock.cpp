// SPDX-License-Identifier: GPL-3.0-or-later
// CMSDK timer 0 of the mps2-an385, free-running downwards from 2^32-1: it wraps after 171 s.
#include "target/machine.hpp"

namespace {

struct CmsdkTimer {
  volatile std::uint32_t control, value, reload, interrupt;
};
CmsdkTimer& timer() noexcept { return *reinterpret_cast<CmsdkTimer*>(0x40000000); }

}  // namespace

void machine::start_clock() noexcept {
  timer().reload = ~0U;
  timer().value = ~0U;
  timer().control = 1;
}

std::uint32_t machine::now() noexcept { return ~timer().value; }
