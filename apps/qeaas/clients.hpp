// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas clients`: who may draw from a server on this machine, and how much. It edits the access table in the state folder; a running
// server sees that within a second.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "clients_credential.hpp"
#include "clients_quota.hpp"

namespace qeaas::cli {

struct ClientsOptions {
  std::string command;  // empty: none was given
  std::string name;
  CredentialOptions credential;
  QuotaOptions quota;
  std::string state;
  bool json = false;
};

void add_clients(CLI::App& app, ClientsOptions& options);
int run_clients(const ClientsOptions& options);

}  // namespace qeaas::cli
