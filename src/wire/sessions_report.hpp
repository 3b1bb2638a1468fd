// SPDX-License-Identifier: GPL-3.0-or-later
// The content of /v1/sessions: how many sessions there are and were, by what protects them. No peer is named. Not on the hot path.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace qeaas {

// SessionsRow counts the sessions of one transport, key-exchange group and signature.
struct SessionsRow {
  std::string transport;  // "coaps", "https", "coap", "http", "local"
  std::string group;      // "MLKEM512", "X25519MLKEM768", ...; empty where nothing is encrypted
  std::string signature;  // "ML-DSA-44", "ECDSA-P256", "PSK", ...; empty likewise
  std::uint64_t open = 0;
  std::uint64_t total = 0;    // since the server started
  std::uint64_t resumed = 0;  // of these, by a ticket
};

struct SessionsReport {
  std::vector<SessionsRow> sessions;
};

// Error: malformed when a text is no UTF-8.
Result<std::string> to_json(const SessionsReport& report);

}  // namespace qeaas
