// SPDX-License-Identifier: GPL-3.0-or-later
// A client of the QRNG Open API over libcurl: capabilities and one block of entropy at a time. libcurl is OpenSSL's here, so the
// link is classical TLS. No redirects, no other protocols, every size limited. interrupt may come from any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "source/remote_answer.hpp"

namespace qeaas {

struct QrngClientSettings {
  std::string url{};                          // https://host[:port][/prefix]; http:// for loopback only
  std::filesystem::path ca_file{};            // the roots to trust; the system's when empty
  std::filesystem::path token_file{};         // a bearer token on one line; none when empty
  std::chrono::milliseconds timeout{10'000};  // for a whole exchange
};

// check_remote_url: refused for http to another machine, for other protocols, and for credentials, query or fragment in the address.
Outcome<void> check_remote_url(const std::string& url);

class QrngClient {
 public:
  explicit QrngClient(QrngClientSettings settings);
  ~QrngClient();
  QrngClient(const QrngClient&) = delete;
  QrngClient& operator=(const QrngClient&) = delete;

  // connect checks the settings, reads the token and asks for the capabilities.
  Outcome<RemoteCapabilities> connect();
  // fetch fills block (at most kMaxRemoteBlockBytes). type may be empty: the server's first. The fault's error is closed only after
  // an interrupt.
  Outcome<void> fetch(MutableBytes block, const std::string& type);
  void disconnect() noexcept;
  void interrupt() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qeaas
