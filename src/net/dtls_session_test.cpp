// SPDX-License-Identifier: GPL-3.0-or-later
// The life of one DTLS session: change of address, forged and replayed records, limits, time-outs, new sessions from old addresses.
#include <gtest/gtest.h>

#include "net/test_network.hpp"

namespace qeaas::testing_net {
namespace {

class DtlsSessionTest : public testing::Test {
 protected:
  Network::Host& connect(const std::string& address = "") {
    if (!net_.server) {
      EXPECT_TRUE(net_.start());
    }
    auto& host = net_.add(net_.client_options(), address);
    EXPECT_TRUE(net_.run_until_settled(host)) << host.client->failure().text;
    net_.pass(1s);
    return host;
  }
  bool echo(Network::Host& host, const std::string& text) {
    host.received.clear();
    return host.client->send(bytes_of(text)) && net_.run([&] { return !host.received.empty(); }, 2s) && host.received.front() == text;
  }
  Network net_;
};

TEST_F(DtlsSessionTest, AClientThatChangesItsPortKeepsItsSession) {
  auto& host = connect();
  ASSERT_TRUE(echo(host, "one"));
  host.address = Address::parse("10.9.9.9:7").value();
  EXPECT_TRUE(echo(host, "two")) << "the answer comes to the new address";
  EXPECT_EQ(net_.server->counters().moved, 1U);
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_EQ(net_.last_session->peer, host.address);
}

TEST_F(DtlsSessionTest, AForgedOrReplayedRecordMovesNothing) {
  auto& host = connect();
  std::vector<std::vector<std::uint8_t>> sent;
  net_.observer = [&](const Network::Packet& packet) {
    if (packet.to == net_.server_address) sent.push_back(packet.bytes);
  };
  ASSERT_TRUE(echo(host, "one"));
  ASSERT_TRUE(echo(host, "two"));
  ASSERT_GE(sent.size(), 2U);
  const auto thief = Address::parse("203.0.113.66:6666").value();
  const int messages = net_.messages;
  for (const auto& record : sent) net_.server->on_datagram(thief, record, net_.now);  // replayed
  for (auto record : sent) {
    record.at(record.size() - 1) ^= 1;  // forged
    net_.server->on_datagram(thief, record, net_.now);
  }
  EXPECT_EQ(net_.messages, messages);
  EXPECT_EQ(net_.server->counters().moved, 0U);
  EXPECT_TRUE(echo(host, "three"));
}

TEST_F(DtlsSessionTest, AnOldRecordThatWasHeldBackMovesNothing) {
  auto& host = connect();
  std::vector<std::uint8_t> held;
  net_.observer = [&](const Network::Packet& packet) {
    if (packet.to == net_.server_address) held = packet.bytes;
  };
  net_.weather.loss = 1;  // the attacker keeps this record to itself
  ASSERT_TRUE(host.client->send(bytes_of("held back")));
  net_.weather.loss = 0;
  net_.observer = nullptr;
  ASSERT_TRUE(echo(host, "newer"));
  const int messages = net_.messages;
  net_.server->on_datagram(Address::parse("203.0.113.66:6666").value(), held, net_.now);
  EXPECT_EQ(net_.messages, messages + 1) << "it is authentic and inside the window, so it is served ...";
  EXPECT_EQ(net_.server->counters().moved, 0U) << "... to the address that the session has";
  EXPECT_EQ(net_.last_session->peer, host.address);
}

TEST_F(DtlsSessionTest, RandomDatagramsChangeNothing) {
  auto& host = connect();
  std::mt19937 dice(7);
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::uint8_t> junk(dice() % 200);
    for (auto& byte : junk) byte = static_cast<std::uint8_t>(dice());
    if (!junk.empty() && i % 2 == 0) junk[0] = static_cast<std::uint8_t>(0x20 | (junk[0] & 0x1F));
    net_.server->on_datagram(i % 3 == 0 ? host.address : Address::parse("198.51.100.1:9").value(), junk, net_.now);
  }
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_TRUE(echo(host, "still here"));
}

TEST_F(DtlsSessionTest, ALateDuplicateOfTheHelloDoesNotDisturbTheSession) {
  std::vector<std::vector<std::uint8_t>> hellos;
  net_.observer = [&](const Network::Packet& packet) {
    if (packet.to == net_.server_address && packet.bytes[0] == 22) hellos.push_back(packet.bytes);
  };
  auto& host = connect();
  ASSERT_EQ(hellos.size(), 2U);
  for (const auto& hello : hellos) net_.server->on_datagram(host.address, hello, net_.now);
  net_.pass(5s);
  EXPECT_EQ(net_.opened, 1);
  EXPECT_TRUE(echo(host, "undisturbed"));
}

TEST_F(DtlsSessionTest, AClientThatRestartsOnTheSamePortReplacesItsSessionOnlyOnceItHasProvenItself) {
  std::vector<std::uint8_t> foreign_hello;
  net_.observer = [&](const Network::Packet& packet) {
    if (packet.bytes[0] == 22 && foreign_hello.empty()) foreign_hello = packet.bytes;
  };
  connect();
  net_.observer = nullptr;
  auto& first = connect("10.0.0.1:5555");
  net_.server->on_datagram(first.address, foreign_hello, net_.now);  // anybody can send this in its name
  ASSERT_TRUE(echo(first, "before"));
  first.client.reset();
  auto& second = connect("10.0.0.1:5555");
  EXPECT_EQ(net_.server->sessions(), 2U) << "the new session took the old one's place";
  EXPECT_EQ(net_.closed, 1);
  EXPECT_TRUE(echo(second, "after"));
}

TEST_F(DtlsSessionTest, TheLeastRecentlyUsedSessionGivesWay) {
  net_.server_options.max_sessions = 3;
  auto& a = connect();
  auto& b = connect();
  auto& c = connect();
  ASSERT_TRUE(echo(a, "a"));
  auto& d = connect();
  EXPECT_EQ(net_.server->sessions(), 3U);
  EXPECT_EQ(net_.server->counters().evicted, 1U);
  EXPECT_FALSE(echo(b, "b")) << "b was used longest ago";
  EXPECT_TRUE(echo(a, "a"));
  EXPECT_TRUE(echo(c, "c"));
  EXPECT_TRUE(echo(d, "d"));
}

TEST_F(DtlsSessionTest, IdleSessionsEndAndSayGoodbye) {
  net_.server_options.idle_timeout = 60s;
  auto& host = connect();
  net_.pass(40s);
  ASSERT_TRUE(echo(host, "still used"));
  net_.pass(59s);
  EXPECT_EQ(net_.server->sessions(), 1U);
  net_.pass(2s);
  EXPECT_EQ(net_.server->sessions(), 0U);
  EXPECT_EQ(host.client->state(), DtlsClient::State::closed);
}

TEST_F(DtlsSessionTest, AHalfOpenHandshakeIsGivenUp) {
  net_.server_options.handshake_timeout = 10s;
  ASSERT_TRUE(net_.start());
  auto& host = net_.add(net_.client_options());
  ASSERT_TRUE(net_.run([&] { return net_.server->sessions() == 1; }));
  host.client.reset();
  net_.pass(11s);
  EXPECT_EQ(net_.server->sessions(), 0U);
  EXPECT_EQ(net_.server->counters().handshakes_failed, 1U);
}

TEST_F(DtlsSessionTest, AdmissionIsAskedBeforeTheExpensivePart) {
  ASSERT_TRUE(net_.start());
  net_.admitting = false;
  auto& host = net_.add(net_.client_options());
  net_.pass(5s);
  EXPECT_EQ(net_.server->sessions(), 0U);
  EXPECT_EQ(net_.server->counters().handshakes_begun, 0U);
  net_.admitting = true;
  EXPECT_TRUE(net_.run_until_settled(host)) << "a retransmitted hello gets in";
}

TEST_F(DtlsSessionTest, WithoutConnectionIdsTheAddressIsTheSession) {
  net_.server_options.connection_id = false;
  auto& host = connect();
  ASSERT_TRUE(echo(host, "x"));
  host.address = Address::parse("10.9.9.9:7").value();
  EXPECT_FALSE(echo(host, "lost"));
}

TEST_F(DtlsSessionTest, SendErrors) {
  auto& host = connect();
  const std::vector<std::uint8_t> large(net_.server->max_payload() + 1);
  EXPECT_EQ(net_.server->send(*net_.last_session, large).error(), Error::too_large);
  EXPECT_EQ(host.client->send(std::vector<std::uint8_t>(host.client->max_payload() + 1)).error(), Error::too_large);
  std::size_t largest = 0;
  net_.observer = [&](const Network::Packet& packet) { largest = std::max(largest, packet.bytes.size()); };
  ASSERT_TRUE(echo(host, std::string(host.client->max_payload(), 'm'))) << "the largest message fits in one datagram";
  EXPECT_LE(largest, 1280 - kIpUdpHeaderBytes);
  host.client->close();
  net_.pass(1s);
  EXPECT_EQ(net_.server->sessions(), 0U) << "a goodbye ends the session";
  EXPECT_EQ(host.client->send(bytes_of("x")).error(), Error::closed);
}

TEST_F(DtlsSessionTest, ANewContextIsForNewSessions) {
  auto& host = connect();
  TlsContextOptions only_p256;
  only_p256.credentials = authority().credentials({SignatureAlgorithm::ecdsa_p256});
  only_p256.groups = {0x0017};
  const auto context = TlsContext::make(std::move(only_p256), net_.tickets, net_.resolver);
  ASSERT_TRUE(context);
  net_.server->use_context(*context);
  EXPECT_TRUE(echo(host, "old session goes on"));
  auto& newer = net_.add(net_.client_options("P-256"));
  ASSERT_TRUE(net_.run_until_settled(newer));
  EXPECT_EQ(newer.client->report().signature, SignatureAlgorithm::ecdsa_p256);
}

TEST_F(DtlsSessionTest, TheCensusFollowsTheSessions) {
  SessionCensus census;
  net_.server_options.census = &census;
  auto& host = connect();
  ASSERT_EQ(census.snapshot().size(), 1U);
  EXPECT_EQ(census.snapshot()[0].transport, Transport::datagram);
  EXPECT_EQ(census.snapshot()[0].group, "MLKEM512");
  EXPECT_EQ(census.snapshot()[0].open, 1U);
  auto options = net_.client_options();
  options.ticket = host.client->ticket();
  auto& resumed = net_.add(std::move(options));
  ASSERT_TRUE(net_.run_until_settled(resumed));
  net_.pass(1s);
  ASSERT_EQ(census.snapshot().size(), 2U);
  EXPECT_TRUE(census.snapshot()[1].resumed);
  host.client->close();
  resumed.client->close();
  net_.pass(1s);
  for (const auto& row : census.snapshot()) {
    EXPECT_EQ(row.open, 0U);
    EXPECT_EQ(row.completed, 1U);
  }
  auto& half = net_.add(net_.client_options());
  ASSERT_TRUE(net_.run([&] { return net_.server->sessions() == 1; }));
  half.client.reset();
  net_.pass(40s);
  EXPECT_EQ(census.failures(Transport::datagram), 1U);
  net_.server.reset();  // before its census
}

TEST(TlsContextTest, BadCredentialsAreExplained) {
  TlsContextOptions none;
  none.groups = {0x0200};
  const auto tickets = std::make_shared<TicketKeys>(1h, 1h);
  const auto resolver = std::make_shared<Identities>();
  EXPECT_EQ(TlsContext::make(std::move(none), tickets, resolver).error().error, Error::not_found);
  TlsContextOptions mixed_up;
  mixed_up.groups = {0x0200};
  mixed_up.credentials.push_back({authority().ml_dsa.leaf, SecretBytes(authority().p256.leaf_key.span())});
  EXPECT_EQ(TlsContext::make(std::move(mixed_up), tickets, resolver).error().error, Error::malformed);
  TlsContextOptions bad_root;
  bad_root.groups = {0x0200};
  bad_root.credentials = authority().credentials({SignatureAlgorithm::ecdsa_p256});
  bad_root.clients = {.none = true, .certificate = true, .roots = {Der{1, 2, 3}}};
  EXPECT_EQ(TlsContext::make(std::move(bad_root), tickets, resolver).error().error, Error::malformed);
}

}  // namespace
}  // namespace qeaas::testing_net
