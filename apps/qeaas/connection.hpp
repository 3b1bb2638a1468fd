// SPDX-License-Identifier: GPL-3.0-or-later
// The options that every command which talks to a server shares (--from, --ca, --psk, --groups, --signatures, --insecure, --timeout,
// --retry), and the links that come out of them.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/server_link.hpp"

namespace qeaas::cli {

inline constexpr const char* kDefaultServer = "coaps://127.0.0.1";

struct ConnectionOptions {
  std::vector<std::string> from;
  std::string ca;
  std::string psk;
  std::string groups;
  std::string signatures;
  std::string state;
  bool insecure = false;
  unsigned timeout_seconds = 15;
  unsigned retries = 2;
};

// add_connection_options binds them to a command; several servers only where that has a meaning.
void add_connection_options(CLI::App& command, ConnectionOptions& options, bool several_servers);

// whole_seconds turns 90, 90s, 5m, 2h or 1d into seconds, as a transform of CLI11: what is none of these stays for the check behind it.
std::string whole_seconds(std::string text);

// find_ca gives the file that is trusted: --ca, $QEAAS_CA, ~/.config/qeaas/ca.pem, or ca.pem of the state folder; the latter two
// only if they exist.
std::optional<std::filesystem::path> find_ca(const ConnectionOptions& options);

// link_options reads what the options name; it warns on standard error when --insecure is in force.
Outcome<LinkOptions> link_options(const ConnectionOptions& options);
// open_links makes one link for each --from.
Outcome<std::vector<std::unique_ptr<ServerLink>>> make_links(const ConnectionOptions& options);

}  // namespace qeaas::cli
