// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas keys`: the CA and the certificates of a server on this machine, in its state folder: shown, made when missing, issued again.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace qeaas::cli {

struct KeysOptions {
  std::string state;
  std::vector<std::string> names;
  std::string certificates;  // algorithms with commas between; empty: those that are there
  std::string export_to;     // a folder for programs on OpenSSL; empty: none
  bool renew = false;
  bool json = false;
};

void add_keys(CLI::App& app, KeysOptions& options);
int run_keys(const KeysOptions& options);

}  // namespace qeaas::cli
