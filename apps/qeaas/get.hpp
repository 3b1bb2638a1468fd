// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas get N`: random bytes from one server, or from several combined, to standard output or a file.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "connection.hpp"

namespace qeaas::cli {

struct GetOptions {
  ConnectionOptions connection;
  std::string amount;
  std::string type = "mixed";
  std::string out;
  unsigned need = 0;  // 0: all
  bool hex = false;
  bool base64 = false;
  bool raw = false;
  bool json = false;
  bool verbose = false;
};

void add_get(CLI::App& app, GetOptions& options);
// run_get gives the exit code.
int run_get(const GetOptions& options);

// parse_amount reads 1 and more, with the suffixes k, M and G (1024, 1024^2 and 1024^3). Errors: malformed, out_of_range.
Outcome<std::uint64_t> parse_amount(const std::string& text);

}  // namespace qeaas::cli
