// SPDX-License-Identifier: GPL-3.0-or-later
// Session: one accepted connection of a server: its socket, its TLS where there is one, the HTTP on top, and its place in the server's
// lists. Private to server*.cpp.
#pragma once

#include "http/server.hpp"
#include "net/tls_session.hpp"

namespace qeaas::http {

struct Server::Session {
  Session(TcpStream stream, std::unique_ptr<TlsSession> secure, Site& site, const Caller& caller, std::function<void(Session&)> on_output)
      : tcp(std::move(stream)),
        tls(std::move(secure)),
        connection(site, caller, [this, on_output = std::move(on_output)] { on_output(*this); }) {}

  bool handshaking() const noexcept { return tls && !tls->established(); }

  TcpStream tcp;
  std::unique_ptr<TlsSession> tls;
  Connection connection;
  std::uint32_t interest = Poller::read;
  bool input_ended = false;
  bool lingering = false;  // the last answer has been sent; what the peer still sends is thrown away
  bool dead = false;       // freed at the end of this turn
  bool broken = false;     // TLS has failed; what is outgoing is its alert
  bool said_goodbye = false;
  bool known = false;  // the handshake's identity was given to the connection

  Session* before = nullptr;
  Session* after = nullptr;
  Wait wait = kWaits;
  TimePoint since{};
  std::uint64_t answered = 0;  // when it was put into the list
  bool progressed = false;     // something was sent since
};

}  // namespace qeaas::http
