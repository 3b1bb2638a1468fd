// SPDX-License-Identifier: GPL-3.0-or-later
// What can be seen of one source from outside: a copy, made under a short lock, of what its pump last published.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "condition/ledger.hpp"
#include "health/monitor.hpp"
#include "source/source.hpp"

namespace qeaas {

struct SourceStatus {
  SourceInfo info;
  SourceState state = SourceState::gone;
  bool feeds_direct = false;  // by its kind
  bool contributes = false;   // configured to be mixed in although it may not feed direct
  std::string conditioner;    // "sha256" or "toeplitz", empty before the source has been opened once
  std::string basis;          // what the full-entropy claim rests on
  HealthCounters health;
  std::string last_failure;  // the health test or the open error that failed last, for a person; empty if none has
  LedgerEntry ledger;
  std::uint64_t bits_served = 0;                      // full-entropy bits of this source that went into answers and seeds
  std::uint64_t bits_per_second = 0;                  // full-entropy output while it is being read; 0 until measured
  std::uint64_t lost = 0;                             // times the source vanished or could not be opened
  std::uint64_t reopens = 0;                          // times it came back
  std::uint64_t blocks_ready = 0;                     // in all reservoirs
  std::chrono::system_clock::time_point last_change;  // of state
};

}  // namespace qeaas
