// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a server in its state folder: one CA and one leaf for each signature algorithm, so that no chain is weaker than its leaf
// (docs/decisions/0008). ML-DSA-44 and P-256 are made on the first start, the others when they are asked for; then they are only read. A
// leaf is issued again (for the same key) when it runs out or lacks a name. Used by qeaasd at start and by `qeaas keys`.
// Whoever works on the folder holds a lock on it, so that both may run at once.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "net/tls_context.hpp"

namespace qeaas {

inline constexpr int kCaDays = 3650;
inline constexpr int kLeafDays = 397;
inline constexpr int kReissueBelowDays = 30;
inline constexpr std::string_view kCaFile = "ca.pem";  // all roots: ML-DSA-44, P-256, then ML-DSA-65 and ML-DSA-87 if they are there

struct ServerKeys {
  struct Entry {
    SignatureAlgorithm algorithm;
    Der root;
    Credential leaf;  // ready for TlsContextOptions
  };
  // find gives the entry of an algorithm; null when the folder has none.
  Entry* find(SignatureAlgorithm algorithm) noexcept;
  const Entry* find(SignatureAlgorithm algorithm) const noexcept;

  std::vector<Entry> entries;        // in the order of ca.pem
  std::vector<std::string> names;    // that the leaves carry
  std::vector<std::string> written;  // file names that this call made or replaced, for the log
};

// load_or_make_server_keys reads the keys of a state folder and makes what is missing, the folder included: those of ML-DSA-44, of P-256,
// of every algorithm that has a file already, and of the wanted ones, whose roots are added to ca.pem. The extra names are kept in sans.txt
// beside the built-in ones (localhost, 127.0.0.1, ::1, the host name). A damaged or mismatching file is a fault that says what to do and
// changes nothing. Needs initialise_crypto.
Outcome<ServerKeys> load_or_make_server_keys(const std::filesystem::path& folder, std::span<const std::string> extra_names = {},
                                             std::span<const SignatureAlgorithm> wanted = {});
// reissue_server_keys does the same and issues every leaf again, for the keys that they have.
Outcome<ServerKeys> reissue_server_keys(const std::filesystem::path& folder);

}  // namespace qeaas
