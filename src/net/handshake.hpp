// SPDX-License-Identifier: GPL-3.0-or-later
// Handshake: the wolfSSL object of one session of a server and what the callbacks of its handshake note about the peer, whatever the
// transport. The callbacks (tls_context.cpp) find it through the I/O context of the wolfSSL object, which attach sets.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "net/session_census.hpp"
#include "net/tls_context.hpp"

namespace qeaas {

struct Handshake {
  Handshake() = default;
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  // attach makes the wolfSSL object from a context, which the session keeps to its end. Error: starved, when there was no seed or no
  // memory for it.
  Status attach(std::shared_ptr<const TlsContext> from) noexcept;
  // of finds the session of a wolfSSL object that attach made.
  static Handshake& of(const WOLFSSL* ssl) noexcept;

  // accept carries the handshake on with what has arrived, and returns what wolfSSL_accept does.
  int accept() noexcept;

  // These speak of a completed handshake.
  // negotiated_group is the key exchange as wolfSSL names it.
  std::string_view negotiated_group() const noexcept;
  bool is_resumed() const noexcept;
  // server_signature is how this side proved itself; none with a PSK or on resumption.
  std::optional<SignatureAlgorithm> server_signature() const noexcept;
  // proven_identity is who the handshake has shown the peer to be, from whichever credential wolfSSL really used.
  std::uint64_t proven_identity() const noexcept;
  // settle ends the handshake: it fixes the identity and reports the session to the census, which may be null. False when nobody is
  // proven and nobody may be anonymous: then the session must not be served.
  bool settle(SessionCensus* census) noexcept;

  WOLFSSL* ssl = nullptr;
  std::shared_ptr<const TlsContext> context;
  SignatureAlgorithm certificate = SignatureAlgorithm::ml_dsa_44;  // which of the server's was chosen
  std::uint64_t identity = kAnonymous;                             // settled when the handshake completes
  std::uint64_t key_identity = kAnonymous;                         // whose certificate or raw key was presented
  std::uint64_t psk_identity = kAnonymous;                         // whose PSK was looked up last; counts only if it was negotiated
  std::uint64_t ticket_identity = kAnonymous;                      // read from a ticket; counts only if the session is really resumed
  SessionCensus::Place place;                                      // empty before the handshake is complete
};

}  // namespace qeaas
