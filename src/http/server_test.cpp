// SPDX-License-Identifier: GPL-3.0-or-later
// The server on real sockets: who comes, who stays, for how long, and that nobody loses the end of an answer.
#include <fcntl.h>
#include <sys/resource.h>

#include "http/server_fixture.hpp"

namespace qeaas::http::testing {
namespace {

std::string random(std::uint64_t bytes, std::string_view fields = "") {
  return "GET /v1/random?type=drbg&bytes=" + std::to_string(bytes) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST(HttpServer, ServesManyRequestsOnOneConnection) {
  Port port;
  Peer peer(port.address);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(port.ask(peer, kHealth).body, "ok\n");
  EXPECT_EQ(port.ask(peer, random(32)).body, FakeDraw::bytes(0, 32));
  EXPECT_EQ(port.world.counters.accepted.get(), 1U);
  EXPECT_EQ(port.world.counters.open.get(), 1U);
  EXPECT_GT(port.world.counters.sent_bytes.get(), 20U * 100);
  peer.leave();
  port.until_open(0);
  EXPECT_FALSE(port.server->busy());
}

TEST(HttpServer, LongAnswersGoOutAsTheyAreTaken) {
  Port port;
  port.world.draw.quick = true;
  Peer peer(port.address);
  const auto answer = port.ask(peer, random(20'000'000));
  EXPECT_EQ(answer.body.size(), 20'000'000U);
  EXPECT_EQ(port.world.gate.debited, 20'000'000U);
  EXPECT_EQ(port.ask(peer, kHealth).body, "ok\n");
}

TEST(HttpServer, PipelinedRequestsBeyondAllBuffersAreAllAnswered) {
  Port port;
  port.world.draw.quick = true;
  Peer peer(port.address);
  std::string all;
  for (int i = 0; i < 2000; ++i) all += random(4000);
  std::size_t said = 0, answers = 0;
  port.until(
      [&] {
        said += peer.say(std::string_view(all).substr(said));
        peer.read();
        while (take_answer(peer.heard)) ++answers;
        return answers == 2000;
      },
      "2000 answers");
  EXPECT_EQ(said, all.size());
  EXPECT_EQ(peer.heard, "");
}

TEST(HttpServer, LimitsByAddressAndInTotal) {
  Port port({.max_connections = 3, .max_connections_per_address = 2});
  Peer first(port.address), second(port.address);
  port.until_open(2);
  Peer third(port.address);
  port.until_closed(third);
  EXPECT_EQ(port.world.counters.refused.get(), 1U);
  Peer other(port.address, "127.0.0.2:0");
  port.until_open(3);
  port.world.now += 1s;
  port.ask(first, kHealth);  // now the second has been idle longest
  Peer more(port.address, "127.0.0.3:0");
  port.until_closed(second);
  EXPECT_EQ(port.ask(more, kHealth).status, 200U);
  EXPECT_EQ(port.ask(first, kHealth).status, 200U);
  EXPECT_EQ(port.world.counters.open.get(), 3U);
  first.leave();
  port.until_open(2);
  Peer again(port.address);
  EXPECT_EQ(port.ask(again, kHealth).status, 200U);
}

TEST(HttpServer, WhoIsBusyIsNotClosedForANewcomer) {
  Port port({.max_connections = 1});
  Peer busy(port.address);
  busy.say("GET / HT");
  port.until([&] { return port.server->next_deadline(port.world.now) == port.world.now + 10s; }, "a request");
  Peer late(port.address);
  port.until_closed(late);
  busy.say("TP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(port.answer(busy).status, 200U);
}

// The sanitizer opens a pipe to look at an object, and takes its failure for the object's.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// NoMoreDescriptors makes this process have none left but those that are given back.
struct NoMoreDescriptors {
  NoMoreDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const FileDescriptor lowest(::fcntl(0, F_DUPFD_CLOEXEC, 0));
    const rlimit none{static_cast<rlim_t>(lowest.get()), before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
  rlimit before{};
};

TEST(HttpServer, WithoutDescriptorsWhoIsIdleLongestGivesWay) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer needs descriptors of its own";
  Port port;
  Peer first(port.address), second(port.address);
  port.until_open(2);
  port.world.now += 1s;
  port.ask(first, kHealth);  // now the second has been idle longest
  Peer late(port.address), later(port.address);
  {
    const NoMoreDescriptors none;
    port.until_closed(second);
    port.until_closed(first);
    EXPECT_EQ(port.ask(later, kHealth).status, 200U);
    EXPECT_EQ(port.ask(late, kHealth).status, 200U);
  }
  EXPECT_EQ(port.world.counters.open.get(), 2U);
}

TEST(HttpServer, WithoutDescriptorsWhoIsBusyStays) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer needs descriptors of its own";
  Port port;
  Peer busy(port.address);
  busy.say("GET / HT");
  port.until([&] { return port.server->next_deadline(port.world.now) == port.world.now + 10s; }, "a request");
  Peer late(port.address);
  {
    const NoMoreDescriptors none;
    port.until([&] { return port.server->next_deadline(port.world.now) < port.world.now + 1s; }, "a pause");
    busy.say("TP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(port.answer(busy).status, 200U);
  }
  port.pass(1s);
  EXPECT_EQ(port.ask(late, kHealth).status, 200U) << "it accepts again";
}

TEST(HttpServer, ASlowRequestHasItsTimeAsAWhole) {
  Port port;
  Peer peer(port.address);
  const std::string_view request = "GET /healthz HTTP/1.1\r\n";
  port.until_open(1);
  const auto before = port.server->next_deadline(port.world.now);
  EXPECT_EQ(before, port.world.now + 60s);
  for (int i = 0; i < 9; ++i) {
    peer.say(request.substr(static_cast<std::size_t>(i), 1));
    if (i == 0) port.until([&] { return port.server->next_deadline(port.world.now) == port.world.now + 10s; }, "the time of a request");
    port.turn();
    port.pass(1s);
  }
  port.turn();
  port.pass(2s);
  expect_problem(port.answer(peer), 408, "timeout", "the head of the request did not arrive in time");
  peer.end();
  port.until_closed(peer);
  EXPECT_FALSE(peer.reset);
  EXPECT_EQ(port.world.counters.timed_out.get(), 1U);
  port.until_open(0);
}

TEST(HttpServer, IdleConnectionsEnd) {
  Port port;
  Peer peer(port.address);
  port.ask(peer, kHealth);
  port.pass(59s);
  EXPECT_EQ(port.ask(peer, kHealth).status, 200U);
  port.pass(59s);
  EXPECT_EQ(port.world.counters.open.get(), 1U);
  port.pass(1s);
  port.until_closed(peer);
  EXPECT_EQ(peer.heard, "");
  EXPECT_EQ(port.world.counters.timed_out.get(), 0U);
  port.pass(2s);  // it lingers for a peer that does not answer the end
  EXPECT_EQ(port.world.counters.open.get(), 0U);
}

TEST(HttpServer, WhatCameInTimeIsAnsweredHoweverLateItIsRead) {
  Port port;
  Peer peer(port.address);
  port.ask(peer, kHealth);
  peer.say(kHealth);
  port.pass(61s);  // the worker was busy elsewhere
  EXPECT_EQ(port.answer(peer).status, 200U);
  EXPECT_EQ(port.world.counters.timed_out.get(), 0U);
}

// stalled opens a connection whose peer takes nothing of a long answer.
std::unique_ptr<Peer> stalled(Port& port, std::string_view fields = "") {
  port.world.draw.quick = true;
  auto peer = std::make_unique<Peer>(port.address, nullptr, 4096);
  peer->say(random(1'000'000'000, fields));
  std::uint64_t before = 0;
  int same = 0;
  port.until(
      [&] {
        const auto sent = port.world.counters.sent_bytes.get();
        same = sent == before && sent > 0 ? same + 1 : 0;
        before = sent;
        return same > 20;
      },
      "a full socket");
  return peer;
}

TEST(HttpServer, WhoTakesNothingOfAnAnswerIsClosed) {
  Port port;
  const auto peer = stalled(port);
  const auto drawn = port.world.draw.given;
  EXPECT_LT(drawn, 100'000'000U);
  port.pass(29s);
  EXPECT_EQ(port.world.counters.open.get(), 1U);
  port.pass(1s);
  EXPECT_EQ(port.world.counters.open.get(), 0U);
  EXPECT_EQ(port.world.counters.timed_out.get(), 1U);
  EXPECT_EQ(port.world.draw.given, drawn);
}

TEST(HttpServer, TalkingDoesNotReplaceListening) {
  Port port;
  const auto peer = stalled(port, "Connection: close\r\n");
  for (int i = 0; i < 20; ++i) {  // the kernel may still take a little of the answer at first
    peer->say("more and more, which is read and thrown away");
    for (int turns = 0; turns < 5; ++turns) port.turn();
    port.pass(5s);
  }
  EXPECT_EQ(port.world.counters.open.get(), 0U);
}

TEST(HttpServer, AStarvedAnswerWakesByItself) {
  Port port;
  Peer peer(port.address);
  port.world.draw.script[2] = Error::starved;
  peer.say("GET /v1/random?bytes=70000 HTTP/1.1\r\nHost: a\r\n\r\n");
  port.until([&] { return port.world.draw.draws == 2; }, "the second draw");
  EXPECT_LE(port.server->next_deadline(port.world.now), port.world.now + 50ms);
  port.pass(50ms);
  EXPECT_EQ(port.answer(peer).body, FakeDraw::bytes(0, 70'000));
}

TEST(HttpServer, AnAlarmCutsTheAnswerVisibly) {
  Port port;
  Peer peer(port.address);
  port.world.draw.script[4] = Error::alarmed;
  peer.say("GET /v1/random?bytes=70000 HTTP/1.1\r\nHost: a\r\n\r\n");
  port.until_closed(peer);
  EXPECT_NE(peer.heard.find("Content-Length: 70000\r\n"), std::string::npos);
  EXPECT_LT(peer.heard.size(), 70'000U);
  EXPECT_EQ(port.world.counters.open.get(), 0U);
}

TEST(HttpServer, TheAnswerSurvivesUnreadInput) {
  Port port;
  Peer peer(port.address);
  peer.say("POST /v1/entropy HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" + std::string(200'000, 'x'));
  for (int i = 0; i < 50; ++i) {
    port.turn();
    peer.say(std::string(10'000, 'x'));
  }
  EXPECT_EQ(port.answer(peer).status, 413U);
  port.until_closed(peer);
  EXPECT_FALSE(peer.reset);
  peer.leave();
  port.until_open(0);
}

TEST(HttpServer, PeersThatHangUpAreNoticed) {
  Port port;
  Peer idle(port.address);
  port.ask(idle, kHealth);
  idle.hang_up();
  port.until_open(0);
  auto taking = stalled(port);
  taking->hang_up();
  port.until_open(0);
  Peer half(port.address);
  half.say(random(100'000));
  half.end();
  EXPECT_EQ(port.answer(half).body.size(), 100'000U);
  port.until_closed(half);
  port.until_open(0);
}

TEST(HttpServer, DrainingLetsAnswersFinish) {
  Port port;
  port.world.draw.quick = true;
  Peer idle(port.address), asking(port.address);
  port.ask(idle, kHealth);
  const auto long_one = stalled(port);
  asking.say("GET /healthz HTTP/1.1\r\n");
  for (int i = 0; i < 5; ++i) port.turn();
  port.server->drain(port.world.now);
  port.until_closed(idle);
  asking.say("Host: a\r\n\r\n");
  EXPECT_EQ(port.answer(asking).field("connection"), "close");
  EXPECT_TRUE(port.server->busy());
  long_one->read();
  port.until([&] { return long_one->read(), long_one->heard.size() > 3'000'000; }, "more of the long answer");
  port.server->close();
  EXPECT_FALSE(port.server->busy());
  EXPECT_EQ(port.world.counters.open.get(), 0U);
}

constexpr std::string_view kUpgrade =
    "GET /v1/stream?frame=1000 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

TEST(HttpServer, AWebSocketWithoutCreditGivesWayWhenNobodyIsIdle) {
  using namespace std::string_literals;
  Port port({.max_connections = 3});
  port.world.now = Clock::now();  // what WebSockets do by themselves is at that time
  const auto credit = "\x81\x8f\0\0\0\0{\"credit\":1000}"s;
  Peer silent(port.address), served(port.address), paying(port.address);
  for (auto* peer : {&silent, &served, &paying}) EXPECT_EQ(port.ask(*peer, kUpgrade).status, 101U);
  Peer early(port.address);
  port.until_closed(early);  // all three have been without credit for a moment only
  const auto draw = [&](Peer& peer) {
    peer.heard.clear();
    EXPECT_EQ(peer.say(credit), credit.size());
    port.until([&] { return peer.read(), peer.heard.size() >= 1000; }, "what was granted");
    for (int i = 0; i < 5; ++i) port.turn();
  };
  draw(served);
  port.world.now += 11s;
  draw(paying);
  port.world.draw.error = Error::starved;  // of this one's credit something is left, however long that takes
  EXPECT_EQ(paying.say(credit), credit.size());
  port.until([&] { return paying.read(), paying.heard.find("starved") != std::string::npos; }, "the outage");
  port.world.now += 11s;
  Peer first(port.address);
  port.until_closed(silent);
  EXPECT_EQ(port.ask(first, kHealth).status, 200U);
  Peer second(port.address);
  port.until_closed(first);  // who is idle goes before any WebSocket
  EXPECT_EQ(second.say("GET / HT"), 8U);
  for (int i = 0; i < 5; ++i) port.turn();
  Peer third(port.address);
  port.until_closed(served);
  EXPECT_EQ(third.say("GET / HT"), 8U);
  for (int i = 0; i < 5; ++i) port.turn();
  Peer fourth(port.address);
  port.until_closed(fourth);
  paying.read();
  EXPECT_FALSE(paying.closed);
}

TEST(HttpServer, AWebSocketOverASocket) {
  Port port;
  Peer peer(port.address);
  peer.say(kUpgrade);
  EXPECT_EQ(port.answer(peer).status, 101U);
  using namespace std::string_literals;
  peer.say("\x81\x92\0\0\0\0{\"credit\":1000000}"s);
  std::size_t total = 0;
  port.until(
      [&] {
        peer.read();
        total += peer.heard.size();
        peer.heard.clear();
        return total >= 1'000'000;
      },
      "the credit");
  port.server->drain(port.world.now);
  port.until([&] { return peer.read(), peer.heard.find("stopping") != std::string::npos; }, "goodbye");
  peer.say("\x88\x80\0\0\0\0"s);
  port.until_closed(peer);
  peer.leave();
  port.until_open(0);
}

TEST(HttpServer, ManySlowOnesHaveTheirPlaceForTenSeconds) {
  Port port({.max_connections = 400, .max_connections_per_address = 400});
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 400; ++i) {
    peers.push_back(std::make_unique<Peer>(port.address));
    peers.back()->say("GET /");
    port.turn();
  }
  port.until_open(400);
  for (int i = 0; i < 20; ++i) port.turn();
  port.pass(10s);
  EXPECT_EQ(port.world.counters.timed_out.get(), 400U);
  for (auto& peer : peers) peer->leave();
  port.until_open(0);
}

}  // namespace
}  // namespace qeaas::http::testing
