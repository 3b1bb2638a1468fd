// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas sources`: what a server's noise sources are and how they do, with their ledger.
#pragma once

#include <CLI/CLI.hpp>

#include "connection.hpp"

namespace qeaas::cli {

struct SourcesOptions {
  ConnectionOptions connection;
  bool json = false;
};

void add_sources(CLI::App& app, SourcesOptions& options);
int run_sources(const SourcesOptions& options);

}  // namespace qeaas::cli
