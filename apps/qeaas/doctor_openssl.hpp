// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas doctor openssl`: what OpenSSL draws from with the configuration in force. A program of its own asks OpenSSL
// (provider/openssl_probe.cpp), so that it is a fresh process whose library is the system's.
#pragma once

#include <string_view>

#include "findings.hpp"

namespace qeaas::cli {

// Probed is what the probe said.
struct Probed {
  std::vector<Finding> findings;
  Values values;
};
// read_probe takes its lines apart: verdict or "value", name, text, with tabs between. Other lines are left out.
Probed read_probe(std::string_view lines);

// examine_openssl runs the probe and reports. kFailed also when the probe is missing or ends badly.
int examine_openssl(bool json);

}  // namespace qeaas::cli
