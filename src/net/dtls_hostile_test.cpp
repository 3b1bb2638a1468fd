// SPDX-License-Identifier: GPL-3.0-or-later
// What an attacker, or a bad network, may do to the DTLS engine without bringing anybody else down.
#include <gtest/gtest.h>

#include "net/test_network.hpp"

namespace qeaas::testing_net {
namespace {

using Datagram = std::vector<std::uint8_t>;

constexpr std::uint8_t kAlertRecord = 21;
constexpr std::uint8_t kHandshakeRecord = 22;

Address numbered(int number) {
  return Address::parse("192.0.2." + std::to_string(number % 250 + 1) + ":" + std::to_string(2000 + number)).value();
}

class HostileTest : public testing::Test {
 protected:
  void start() { ASSERT_TRUE(net_.start()); }
  Network::Host& connect(const std::string& address = "") {
    if (!net_.server) start();
    auto& host = net_.add(net_.client_options(), address);
    EXPECT_TRUE(net_.run_until_settled(host)) << host.client->failure().text;
    net_.pass(1s);
    return host;
  }
  bool echo(Network::Host& host, const std::string& text) {
    host.received.clear();
    return host.client->send(bytes_of(text)) && net_.run([&] { return !host.received.empty(); }, 2s) && host.received.front() == text;
  }
  // to_server collects what clients send from now on.
  std::vector<Datagram>& to_server() {
    net_.observer = [this](const Network::Packet& packet) {
      if (packet.to == net_.server_address) sent_.push_back(packet.bytes);
    };
    return sent_;
  }
  // half_open begins a handshake that nobody will finish.
  void half_open(const Address& from) {
    auto& host = net_.add(net_.client_options(), from.text());
    const auto begun = net_.server->counters().handshakes_begun;
    EXPECT_TRUE(net_.run([&] { return net_.server->counters().handshakes_begun > begun; }, 5s));
    host.client.reset();
  }
  Network net_;
  std::vector<Datagram> sent_;
};

TEST_F(HostileTest, ACookieIsWorthNothingFromAnotherAddress) {
  start();
  auto& sent = to_server();
  auto& host = connect();
  ASSERT_GE(sent.size(), 2U);
  ASSERT_EQ(sent[1][0], kHandshakeRecord);
  const auto sessions = net_.server->sessions();
  const auto begun = net_.server->counters().handshakes_begun;
  const auto refused = net_.server->counters().hellos_refused;
  std::size_t answered = 0;
  net_.observer = [&](const Network::Packet& packet) { answered += packet.from == net_.server_address; };
  auto elsewhere = host.address;
  elsewhere.set_port(static_cast<std::uint16_t>(elsewhere.port() + 1));
  net_.server->on_datagram(elsewhere, sent[1], net_.now);
  EXPECT_EQ(net_.server->sessions(), sessions);
  EXPECT_EQ(net_.server->counters().handshakes_begun, begun);
  EXPECT_EQ(net_.server->counters().hellos_refused, refused + 1);
  EXPECT_EQ(answered, 0U) << "nothing is owed to an address that nobody has verified";
  EXPECT_TRUE(echo(host, "undisturbed"));
}

TEST_F(HostileTest, ACookieOfTwoRotationsAgoIsWorthNothing) {
  start();
  auto& sent = to_server();
  auto& host = connect();
  ASSERT_GE(sent.size(), 2U);
  const auto old = sent[1];
  host.client->close();
  net_.pass(1s);
  for (int i = 0; i < 2; ++i) {
    net_.pass(61s);
    connect();
  }
  const auto begun = net_.server->counters().handshakes_begun;
  net_.server->on_datagram(host.address, old, net_.now);
  EXPECT_EQ(net_.server->counters().handshakes_begun, begun);
}

TEST_F(HostileTest, HellosThatComeTwiceMakeOneSession) {
  net_.weather.doubled = 1;
  auto& host = connect();
  EXPECT_EQ(net_.opened, 1);
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_EQ(net_.server->counters().handshakes_begun, 1U);
  EXPECT_TRUE(echo(host, "x"));
}

TEST_F(HostileTest, AHelloWhoseFragmentsComeInTheWrongOrderGetsThereByRetransmission) {
  start();
  std::vector<Datagram> parts;
  auto& host = net_.add(net_.client_options("X25519MLKEM768"));
  bool held = false;
  net_.observer = [&](const Network::Packet& packet) {
    if (held || packet.to != net_.server_address || packet.bytes[0] != kHandshakeRecord || packet.bytes[18] != 1) return;
    parts.push_back(packet.bytes);
    if (parts.size() < 2) return;
    held = true;
    net_.server->on_datagram(host.address, parts[1], net_.now);  // the second one first
    net_.server->on_datagram(host.address, parts[0], net_.now);
  };
  EXPECT_TRUE(net_.run_until_settled(host)) << host.client->failure().text;
  EXPECT_TRUE(held) << "the hello with the cookie came in two datagrams";
  EXPECT_EQ(net_.server->counters().handshakes_begun, 1U);
}

TEST_F(HostileTest, OneSessionIsEnoughForATable) {
  net_.server_options.max_sessions = 1;
  auto& first = connect();
  ASSERT_TRUE(echo(first, "first"));
  auto& second = connect();
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_FALSE(echo(first, "gone"));
  EXPECT_TRUE(echo(second, "second"));
  auto& third = connect(second.address.text());  // from the same address: its predecessor makes room
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_TRUE(echo(third, "third"));
  EXPECT_EQ(net_.closed, 2);
}

TEST_F(HostileTest, AHandshakeThatIsEvictedLeavesNothingBehind) {
  net_.server_options.max_sessions = 1;
  start();
  half_open(numbered(1));
  auto& host = connect();
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_EQ(net_.server->counters().evicted, 1U);
  EXPECT_EQ(net_.closed, 0) << "it was never open";
  net_.pass(40s);
  EXPECT_TRUE(echo(host, "alone"));
}

TEST_F(HostileTest, ManyHalfOpenHandshakesDoNotPushOutThoseWhoWork) {
  net_.server_options.max_sessions = 32;
  start();
  std::vector<Network::Host*> honest;
  for (int i = 0; i < 16; ++i) honest.push_back(&connect());
  for (int i = 0; i < 200; ++i) half_open(numbered(i));  // faster than any of them times out
  EXPECT_EQ(net_.server->sessions(), 32U);
  for (auto* host : honest) EXPECT_TRUE(echo(*host, "still here"));
  auto& late = connect();
  EXPECT_TRUE(echo(late, "and the next one gets in"));
}

TEST_F(HostileTest, AFrontEndMayCloseAndSendWhileItsSessionIsEvicted) {
  net_.server_options.max_sessions = 1;
  net_.closing_hook = [](DtlsSession& session) {
    EXPECT_EQ(session.server->send(session, bytes_of("too late")).error(), Error::closed);
    session.server->close(session);
  };
  connect();
  auto& second = connect();
  EXPECT_EQ(net_.closed, 1);
  EXPECT_TRUE(echo(second, "second"));
}

TEST_F(HostileTest, AMoveToTheAddressOfAnotherSessionTakesNothingFromIt) {
  auto& victim = connect("10.0.0.7:7000");
  auto& thief = connect("10.0.0.8:8000");
  auto& sent = to_server();
  net_.weather.loss = 1;
  ASSERT_TRUE(thief.client->send(bytes_of("from a forged source address")));
  net_.weather.loss = 0;
  ASSERT_EQ(sent.size(), 1U);
  net_.server->on_datagram(victim.address, sent[0], net_.now);
  EXPECT_EQ(net_.closed, 0);
  EXPECT_EQ(net_.server->sessions(), 2U);
  EXPECT_TRUE(echo(victim, "still mine"));
  EXPECT_TRUE(echo(thief, "moved back by its next record"));
  thief.client->close();
  net_.pass(1s);
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_TRUE(echo(victim, "and after the other one's end"));
  auto& renewed = connect("10.0.0.7:7000");
  EXPECT_EQ(net_.server->sessions(), 1U);
  EXPECT_TRUE(echo(renewed, "the address still leads to its session"));
}

TEST_F(HostileTest, AConnectionIdOfNobodyReachesNobody) {
  auto& sent = to_server();
  auto& host = connect();
  ASSERT_TRUE(echo(host, "x"));
  auto record = sent.back();
  ASSERT_EQ(record[0] & 0xF0, 0x30) << "a unified header with a connection ID";
  EXPECT_EQ(record[1], 0) << "the worker's index";
  const auto dropped = net_.server->counters().dropped;
  for (const int worker : {1, 7, 255}) {
    record[1] = static_cast<std::uint8_t>(worker);
    net_.server->on_datagram(host.address, record, net_.now);
  }
  record[1] = 0;
  record[8] ^= 1;
  net_.server->on_datagram(host.address, record, net_.now);
  net_.server->on_datagram(host.address, Bytes(record).first(5), net_.now);
  EXPECT_EQ(net_.server->counters().dropped, dropped + 5);
  EXPECT_TRUE(echo(host, "y"));
}

TEST_F(HostileTest, PlainRecordsInAClientsNameDoNotEndItsHandshake) {
  start();
  auto& host = net_.add(net_.client_options());
  ASSERT_TRUE(net_.run([&] { return net_.server->counters().handshakes_begun == 1; }));
  const Datagram alert{kAlertRecord, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
  Datagram finished{kHandshakeRecord, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 10, 0, 12 + 4, 20, 0, 0, 4, 0, 2, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4};
  Datagram data{23, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 11, 0, 3, 1, 2, 3};
  Datagram late{kHandshakeRecord, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 12, 0, 12 + 4, 1, 0, 0, 40, 0, 1, 0, 0, 9, 0, 0, 4, 1, 2, 3, 4};
  for (const auto& forged : {alert, finished, data, late}) net_.server->on_datagram(host.address, forged, net_.now);
  EXPECT_TRUE(net_.run_until_settled(host)) << host.client->failure().text;
  EXPECT_EQ(net_.server->counters().handshakes_failed, 0U);
}

TEST_F(HostileTest, ForgedFragmentsDrawNoFlightsOutOfTheServer) {
  start();
  auto& host = net_.add(net_.client_options());
  ASSERT_TRUE(net_.run([&] { return net_.server->counters().handshakes_begun == 1; }));
  host.client.reset();
  std::size_t bytes = 0;
  net_.observer = [&](const Network::Packet& packet) {
    if (packet.from == net_.server_address) bytes += packet.bytes.size();
  };
  Datagram late{kHandshakeRecord, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 12, 0, 12 + 4, 1, 0, 0, 40, 0, 1, 0, 0, 9, 0, 0, 4, 1, 2, 3, 4};
  for (int i = 0; i < 100; ++i) {
    late[10] = static_cast<std::uint8_t>(12 + i);
    net_.server->on_datagram(host.address, late, net_.now);
  }
  EXPECT_LT(bytes, 100 * late.size()) << "not more out than in";
}

TEST_F(HostileTest, AHelloWithABadCookieCostsNoSeed) {
  static std::atomic<int> seeds;
  start();
  auto& sent = to_server();
  connect();
  const auto hello = sent[1];
  seeds = 0;
  ASSERT_TRUE(initialise_crypto([](MutableBytes out) noexcept {
    ++seeds;
    return os_seed(out);
  }));
  for (int i = 0; i < 1000; ++i) net_.server->on_datagram(numbered(i), hello, net_.now);
  ASSERT_TRUE(initialise_crypto(os_seed));
  EXPECT_LT(seeds, 10);
  net_.observer = nullptr;
  EXPECT_TRUE(echo(connect(), "and the listener still listens"));
}

}  // namespace
}  // namespace qeaas::testing_net
