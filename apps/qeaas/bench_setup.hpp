// SPDX-License-Identifier: GPL-3.0-or-later
// From the options of `qeaas bench` to what is measured.
#pragma once

#include "bench.hpp"
#include "bench_session.hpp"

namespace qeaas::cli {

struct BenchPlan {
  std::string server;
  std::vector<Measure> measures;
  BenchTarget target;
};

// usage_fault finds the contradictions that no single option shows.
std::optional<Fault> usage_fault(const BenchOptions& options);
// make_plan reads what the options name; nothing is opened. Errors: those of link_options.
Outcome<BenchPlan> make_plan(const BenchOptions& options);
// read_path gives the Uri-Path and Uri-Query of "/path?query". Error: malformed.
Outcome<CoapRequest> read_path(const std::string& path);

}  // namespace qeaas::cli
