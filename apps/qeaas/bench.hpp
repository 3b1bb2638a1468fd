// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas bench`: how fast a server is from here: handshakes, requests, the pool. The instrument of the reproduced evaluation (bench/paper).
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "connection.hpp"

namespace qeaas::cli {

enum class Measure : std::uint8_t { handshake, resume, psk, request, wake, cycle, pool };

struct BenchOptions {
  ConnectionOptions connection;
  std::string measures;  // with commas between; empty: handshake, resume, request and pool
  std::size_t count = 100;
  std::size_t warmup = 5;
  std::uint32_t bytes = 32;
  std::string path = "/random";
  std::string proxy_uri;
  std::size_t path_mtu = 1280;
  unsigned pause_ms = 0;
  std::string out;
  bool json = false;
};

void add_bench(CLI::App& app, BenchOptions& options);
// run_bench gives the exit code: failed when a measure has no sample, or when it was interrupted.
int run_bench(const BenchOptions& options);

// read_measures reads names with commas between. Errors: unknown, in_use (named twice).
Outcome<std::vector<Measure>> read_measures(const std::string& list);

}  // namespace qeaas::cli
