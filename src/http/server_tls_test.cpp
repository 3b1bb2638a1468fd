// SPDX-License-Identifier: GPL-3.0-or-later
// The server over TLS 1.3, with a client of wolfSSL on a real socket.
#include <gtest/gtest.h>

#include "http/server_fixture.hpp"
#include "net/test_tls.hpp"

namespace qeaas::http::testing {
namespace {

using testing_net::TlsPort;
using testing_net::TlsTestClient;

struct Secure {
  explicit Secure(const ServerOptions& options = {}) {
    EXPECT_TRUE(tls.start());
    port = std::make_unique<Port>(options, tls.context, &tls.census);
  }
  TlsPort tls;
  std::unique_ptr<Port> port;
};

// SecurePeer carries a client's records over its socket.
class SecurePeer {
 public:
  explicit SecurePeer(Port& port, testing_net::TlsClientOptions options = TlsPort::client_options())
      : port_(port), socket(port.address), client(std::move(options)) {
    port_.until([&] { return move(), client.connected || client.error != 0; }, "a handshake");
    EXPECT_TRUE(client.connected);
  }
  // move takes what has come, and sends what the client has to say.
  void move() {
    socket.read();
    client.in.insert(client.in.end(), socket.heard.begin(), socket.heard.end());
    socket.heard.clear();
    client.step();
    while (!client.out.empty()) {
      const auto sent = socket.say({reinterpret_cast<const char*>(client.out.data()), client.out.size()});
      if (sent == 0) return;
      client.out.erase(client.out.begin(), client.out.begin() + static_cast<std::ptrdiff_t>(sent));
    }
  }
  Answer answer() {
    std::optional<Answer> got;
    port_.until([&] { return move(), (got = take_answer(client.text)).has_value(); }, "an answer");
    return got.value_or(Answer());
  }
  Answer ask(std::string_view request) {
    client.say(request);
    return answer();
  }

 private:
  Port& port_;

 public:
  Peer socket;
  TlsTestClient client;
};

TEST(HttpServerTls, ServesAndEndsInOrder) {
  Secure secure;
  SecurePeer peer(*secure.port);
  EXPECT_EQ(peer.ask(kHealth).body, "ok\n");
  EXPECT_EQ(peer.ask("GET /v1/random?bytes=300000 HTTP/1.1\r\nHost: a\r\n\r\n").body, FakeDraw::bytes(0, 300'000));
  EXPECT_EQ(peer.ask("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").field("connection"), "close");
  secure.port->until([&] { return peer.move(), peer.client.closed(); }, "close_notify");
  peer.socket.leave();
  secure.port->until_open(0);
}

TEST(HttpServerTls, TheGateMayRefuseAHandshakeBeforeItCostsAnything) {
  Secure secure;
  secure.port->world.gate.connections = 0;
  Peer peer(secure.port->address);
  secure.port->until_closed(peer);
  EXPECT_EQ(secure.port->world.counters.refused.get(), 1U);
  EXPECT_EQ(secure.port->world.counters.open.get(), 0U);
}

TEST(HttpServerTls, ATokenNamesTheIdentity) {
  Secure secure;
  secure.port->world.gate.know("mine", 5);
  SecurePeer peer(*secure.port);
  peer.ask("GET /v1/random HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(secure.port->world.gate.last_identity, access::kAnonymousId);
  peer.ask("GET /v1/random HTTP/1.1\r\nHost: a\r\nX-API-KEY: mine\r\n\r\n");
  EXPECT_EQ(secure.port->world.gate.last_identity, 5);
}

TEST(HttpServerTls, PipelinedRequestsBeyondAllBuffersAreAllAnswered) {
  Secure secure;
  secure.port->world.draw.quick = true;
  SecurePeer peer(*secure.port);
  std::string all;
  constexpr std::size_t kCount = 3000;  // more than TLS takes at once, by far
  for (std::size_t i = 0; i < kCount; ++i) all += "GET /v1/random?bytes=900 HTTP/1.1\r\nHost: a\r\n\r\n";
  // Nothing is read before all of it is said: the server runs full, with requests in TLS that it has not looked at.
  peer.client.say(all);
  std::size_t answers = 0;
  for (int i = 0; i < 50; ++i) {
    const auto sent = peer.socket.say({reinterpret_cast<const char*>(peer.client.out.data()), peer.client.out.size()});
    peer.client.out.erase(peer.client.out.begin(), peer.client.out.begin() + static_cast<std::ptrdiff_t>(sent));
    secure.port->turn();
  }
  secure.port->until(
      [&] {
        peer.move();
        while (take_answer(peer.client.text)) ++answers;
        return answers == kCount || peer.client.error != 0 || peer.socket.closed;
      },
      "all answers");
  EXPECT_EQ(answers, kCount);
}

TEST(HttpServerTls, TheEndOfThePeerIsNoEndOfTheAnswer) {
  Secure secure;
  SecurePeer peer(*secure.port);
  peer.client.say("GET /v1/random?bytes=100000 HTTP/1.1\r\nHost: a\r\n\r\n");
  peer.client.goodbye();
  EXPECT_EQ(peer.answer().body.size(), 100'000U);
  peer.socket.leave();
  secure.port->until_open(0);
}

TEST(HttpServerTls, PlainHttpOnTheSecurePortEnds) {
  Secure secure;
  Peer peer(secure.port->address);
  peer.say(kHealth);
  secure.port->until_closed(peer);
  EXPECT_EQ(peer.heard.find("HTTP/"), std::string::npos);
  EXPECT_EQ(secure.port->world.counters.open.get(), 0U);
  EXPECT_EQ(secure.port->world.counters.answers[1].get(), 0U);
}

TEST(HttpServerTls, AHandshakeHasTenSeconds) {
  Secure secure;
  Peer peer(secure.port->address);
  secure.port->until_open(1);
  secure.port->pass(6s);
  peer.say("\x16");
  for (int i = 0; i < 5; ++i) secure.port->turn();
  secure.port->pass(4s);
  secure.port->until_closed(peer);
  EXPECT_EQ(secure.port->world.counters.timed_out.get(), 1U);
}

TEST(HttpServerTls, DrainingEndsHandshakesAndIdleSessions) {
  Secure secure;
  Peer silent(secure.port->address);
  SecurePeer peer(*secure.port);
  peer.ask(kHealth);
  secure.port->until_open(2);
  secure.port->server->drain(secure.port->world.now);
  secure.port->until_closed(silent);
  secure.port->until([&] { return peer.move(), peer.client.closed(); }, "close_notify");
}

}  // namespace
}  // namespace qeaas::http::testing
