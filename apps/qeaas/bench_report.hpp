// SPDX-License-Identifier: GPL-3.0-or-later
// What `qeaas bench` prints: all samples as JSON (docs/bench.md describes it), or a table of their statistics.
#pragma once

#include <chrono>

#include "bench_book.hpp"

namespace qeaas::cli {

struct BenchHeading {
  std::string server;  // as the user wrote it
  std::chrono::system_clock::time_point date{};
  std::size_t warmup = 0;
  bool interrupted = false;
};

// Both end with a newline.
std::string bench_json(const BenchHeading& heading, const std::vector<BenchRun>& runs);
std::string bench_table(const BenchHeading& heading, const std::vector<BenchRun>& runs);

}  // namespace qeaas::cli
