// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas feed`: the service's bytes into the kernel's entropy pool: now, once at boot, or all the time.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "connection.hpp"

namespace qeaas::cli {

struct FeedOptions {
  ConnectionOptions connection;
  std::string socket;
  std::string type = "direct";
  unsigned bytes = 64;
  unsigned need = 0;           // 0: all
  unsigned every_seconds = 0;  // 0: not a service
  bool once = false;
  bool dry_run = false;
  bool in_container = false;
  bool credit_classical = false;
  bool json = false;
};

void add_feed(CLI::App& app, FeedOptions& options);
// run_feed gives the exit code. With --once and with --every, what the machine or the network cannot give is no failure: 0.
int run_feed(const FeedOptions& options);

}  // namespace qeaas::cli
