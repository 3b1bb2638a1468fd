// SPDX-License-Identifier: GPL-3.0-or-later
// The provider's settings: the keys of its section in openssl.cnf, read once when OpenSSL loads it. A setting that cannot be understood is
// a fault, and a provider with a fault gives no bytes: it must not be refused to OpenSSL, which would go on without it, seeded by the
// operating system (docs/provider.md, "Traps").
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/provenance.hpp"

namespace qeaas::provider {

enum class Origin : std::uint8_t {
  socket,  // the local socket of qeaasd
  device,  // a character device
  server,  // a server over CoAP and DTLS 1.3
};
std::string_view name(Origin origin) noexcept;

inline constexpr std::size_t kMaxBufferBytes = 65536;

struct Settings {
  Origin origin = Origin::socket;
  std::string socket = "/run/qeaas/entropy.sock";
  std::string device;
  std::string server;      // coaps://host[:port]
  std::string ca;          // file of the CA certificates that the server must prove itself against
  std::string psk;         // ID:FILE
  std::string groups;      // names with commas between them; empty: the defaults of the client
  std::string signatures;  // that the server may prove itself with; empty: all
  EntropyType type = EntropyType::mixed;
  bool fall_back = false;  // to the operating system when the origin fails
  std::chrono::milliseconds timeout{2000};
  std::size_t buffer_bytes = 4096;  // read ahead by each context of QEAAS-RAND; 0: every draw asks
};

// Given is one key that the configuration file has.
struct Given {
  std::string_view key;
  std::string_view value;
};

// known_keys are all keys that read_settings understands.
std::span<const std::string_view> known_keys() noexcept;

// read_settings checks every value; the text of a fault names the key and says what is right. Errors: unknown, malformed, out_of_range,
// refused (keys that exclude each other).
Outcome<Settings> read_settings(std::span<const Given> given);

}  // namespace qeaas::provider
