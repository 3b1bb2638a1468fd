// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas doctor`: looks at everything between here and 32 random bytes, and says for each thing what to do about it.
#pragma once

#include <CLI/CLI.hpp>

#include "connection.hpp"

namespace qeaas::cli {

struct DoctorOptions {
  ConnectionOptions connection;
  bool json = false;
  bool openssl = false;  // qeaas doctor openssl
  bool openssl_json = false;
};

void add_doctor(CLI::App& app, DoctorOptions& options);
// run_doctor gives kFailed when a check says FAIL; a warning alone is kDone.
int run_doctor(const DoctorOptions& options);

}  // namespace qeaas::cli
