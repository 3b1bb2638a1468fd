// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a server on a loopback port, peers with real sockets, and a clock that the test moves.
#pragma once

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "http/http_fixture.hpp"
#include "http/server.hpp"

namespace qeaas::http::testing {

inline constexpr std::string_view kHealth = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

// Peer is a client's socket. It never blocks.
class Peer {
 public:
  explicit Peer(const Address& to, const char* from = nullptr, int receive_buffer = 0)
      : socket_(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // what is said is there at once
    if (receive_buffer > 0) ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    if (from != nullptr) {
      const auto own = *Address::parse(from);
      EXPECT_EQ(::bind(socket_.get(), own.data(), own.size()), 0);
    }
    EXPECT_EQ(::connect(socket_.get(), to.data(), to.size()), 0);
  }
  // say gives how much the kernel took.
  std::size_t say(std::string_view text) {
    const auto size = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  void read() {
    std::array<char, 65536> room;
    for (ssize_t size = 1; size > 0;) {
      size = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
      if (size > 0) heard.append(room.data(), static_cast<std::size_t>(size));
      if (size == 0) closed = true;
      if (size < 0 && errno == ECONNRESET) closed = reset = true;
    }
  }
  void end() { ::shutdown(socket_.get(), SHUT_WR); }
  // hang_up resets the connection.
  void hang_up() {
    const linger hard{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    socket_.reset();
  }
  void leave() { socket_.reset(); }
  int descriptor() const { return socket_.get(); }

  std::string heard;
  bool closed = false;
  bool reset = false;

 private:
  FileDescriptor socket_;
};

struct Port {
  explicit Port(const ServerOptions& options = {}, std::shared_ptr<const TlsContext> context = nullptr, SessionCensus* census = nullptr) {
    auto listener = TcpListener::open(*Address::parse("127.0.0.1:0"));
    EXPECT_TRUE(listener);
    address = (*listener)->local();
    auto made = Server::make(std::move(*listener), std::move(context), world.site, options, census);
    EXPECT_TRUE(made);
    server = std::move(*made);
  }
  // turn serves what is ready; settle does so until nothing is, for a moment.
  void turn() {
    server->on_ready(world.now);
    world.loop.restart();
    world.loop.poll();
  }
  // until serves until done, or fails.
  void until(const std::function<bool()>& done, const char* what) {
    const auto deadline = Clock::now() + 20s;
    while (!done()) {
      ASSERT_LT(Clock::now(), deadline) << "never: " << what;
      pollfd entry{server->descriptor(), POLLIN, 0};
      ::poll(&entry, 1, 5);
      turn();
    }
  }
  void pass(Clock::duration span) {
    world.now += span;
    server->on_timer(world.now);
  }
  // answer serves until the peer has a whole answer.
  Answer answer(Peer& peer) {
    std::optional<Answer> got;
    until(
        [&] {
          peer.read();
          got = take_answer(peer.heard);
          return got.has_value();
        },
        "an answer");
    return got.value_or(Answer());
  }
  Answer ask(Peer& peer, std::string_view request) {
    EXPECT_EQ(peer.say(request), request.size());
    return answer(peer);
  }
  void until_closed(Peer& peer) {
    until(
        [&] {
          peer.read();
          return peer.closed;
        },
        "the end of the connection");
  }
  void until_open(std::uint64_t count) {
    until([&] { return world.counters.open.get() == count; }, "that many connections");
  }

  World world;
  Address address;
  std::unique_ptr<Server> server;
};

}  // namespace qeaas::http::testing
