// SPDX-License-Identifier: GPL-3.0-or-later
// The pool measures of `qeaas bench` (the paper's table 3 and figure 2): injection and extraction of 16 to 256 bytes on this machine.
#pragma once

#include "bench_session.hpp"

namespace qeaas::cli {

// measure_pool opens ten runs, inject and extract for each size. One sample is the mean time of calls_per_sample calls: so many that the
// sample takes kLeastSample and the clock's own resolution does not show.
inline constexpr auto kLeastSample = std::chrono::microseconds(50);
void measure_pool(const BenchTarget& target, BenchBook& book);

}  // namespace qeaas::cli
