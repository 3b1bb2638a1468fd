// SPDX-License-Identifier: GPL-3.0-or-later
// The content of /v1/statistics and /v1/alarms: what the raw samples of each source look like, and what happened to the sources.
// Written for the dashboard and for whoever watches a server; never read back by us. Not on the hot path: these allocate.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/provenance.hpp"

namespace qeaas {

// WindowReport is one full window of raw samples, in counts.
struct WindowReport {
  std::chrono::system_clock::time_point finished;
  std::vector<std::uint64_t> histogram;         // 2^sample_bits, by value
  std::vector<std::uint64_t> bit_ones;          // sample_bits, least significant first
  std::uint64_t pairs = 0;                      // neighbours that were compared
  std::uint64_t equal_pairs = 0;                // of these, equal ones
  std::optional<std::int32_t> correlation_ppm;  // of neighbours; null when all samples are equal
};

struct SourceStatisticsReport {
  std::string id;
  SourceKind kind = SourceKind::physical;
  std::uint64_t sample_bits = 8;
  std::uint64_t window_samples = 0;
  std::uint64_t collected_samples = 0;  // of the next window
  std::uint64_t windows = 0;            // full ones so far
  std::optional<WindowReport> window;   // the last full one
};

struct StatisticsReport {
  std::vector<SourceStatisticsReport> sources;
};

struct AlarmReport {
  std::chrono::system_clock::time_point time;  // of the first of count equal events
  std::chrono::system_clock::time_point last;
  std::uint64_t count = 1;
  std::string source;
  std::string event;  // "alarm", "intermittent", "lost", "back", "started-up"
  std::string text;
};

struct AlarmsReport {
  std::vector<AlarmReport> alarms;  // oldest first
};

// Error: malformed when a text is no UTF-8.
Result<std::string> to_json(const StatisticsReport& report);
Result<std::string> to_json(const AlarmsReport& report);

}  // namespace qeaas
