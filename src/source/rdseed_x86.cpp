// SPDX-License-Identifier: GPL-3.0-or-later
// The RDSEED instruction on x86-64. The only file that is compiled with -mrdseed.
#include <cpuid.h>
#include <immintrin.h>

#include "source/rdseed_source.hpp"

namespace qeaas {
namespace {

// Intel SDM, CPUID leaf 7, sub-leaf 0, EBX bit 18.
bool supported() noexcept {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & (1U << 18)) != 0;
}

bool step(std::uint64_t& value) noexcept {
  unsigned long long word = 0;
  if (_rdseed64_step(&word) == 0) {
    _mm_pause();
    return false;
  }
  value = word;
  return true;
}

}  // namespace

RdseedUnit machine_rdseed() noexcept { return {.supported = &supported, .step = &step}; }

}  // namespace qeaas
