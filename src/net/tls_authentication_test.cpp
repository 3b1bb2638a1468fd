// SPDX-License-Identifier: GPL-3.0-or-later
// Who may come in over TLS: the same cases as over DTLS, and tickets whose owner or transport is another.
#include <gtest/gtest.h>

#include "net/authentication_cases.hpp"
#include "net/test_tls.hpp"

namespace qeaas::testing_net {
namespace {

class TlsClientAuthenticationTest : public testing::TestWithParam<Case> {};

TEST_P(TlsClientAuthenticationTest, AdmitsWhoeverTheConfigurationSaysAndNobodyElse) {
  const auto& test = GetParam();
  TlsPort port;
  port.options.clients = test.server();
  list_everybody(*port.resolver);
  ASSERT_TRUE(port.start());
  auto options = TlsPort::client_options();
  apply(test.offer, options.base);
  TlsTestClient client(std::move(options));
  auto session = port.accept();
  TlsWire wire(*session, client);
  wire.run();
  if (test.identity == kRefused) {
    EXPECT_FALSE(session->established()) << "came in as " << session->identity();
    const auto failure = wire.failure.value_or(Error::io);
    EXPECT_TRUE(failure == Error::unauthorized || failure == Error::not_trusted || failure == Error::unsupported) << name(failure);
    EXPECT_NE(client.error, 0) << "it was told";
    EXPECT_NE(client.alert(), -1);
    EXPECT_FALSE(session->write(bytes_of("secret")));
    EXPECT_EQ(port.census.failures(Transport::stream), 1U);
    return;
  }
  ASSERT_TRUE(session->established()) << client.error;
  EXPECT_EQ(session->identity(), test.identity);
  EXPECT_EQ(session->signature().has_value(), test.identity != kPskOwner) << "a PSK needs none";
}

INSTANTIATE_TEST_SUITE_P(All, TlsClientAuthenticationTest, authentication_cases(), [](const auto& test) { return test.param.name; });

TEST(TlsClientIdentity, APskThatBelongsToNobodyIsNoWayIn) {
  TlsPort port;
  port.options.clients = psk_only();
  port.resolver->psks["ghost"] = {kAnonymous, psk_key()};
  ASSERT_TRUE(port.start());
  auto options = TlsPort::client_options();
  with_psk(options.base, "ghost", psk_key());
  TlsTestClient client(std::move(options));
  auto session = port.accept();
  TlsWire wire(*session, client);
  wire.run();
  EXPECT_FALSE(session->established());
  EXPECT_EQ(wire.failure, Error::unauthorized);
}

class TlsTicketTest : public testing::Test {
 protected:
  struct Outcome {
    bool established;
    bool resumed;
    std::uint64_t identity;
  };
  void start(ClientAuthentication clients) {
    port_.options.clients = std::move(clients);
    list_everybody(*port_.resolver);
    ASSERT_TRUE(port_.start());
  }
  Outcome connect(TlsClientOptions options) {
    TlsTestClient client(std::move(options));
    auto session = port_.accept();
    TlsWire wire(*session, client);
    wire.run();
    if (session->established()) ticket_ = client.ticket();
    return {session->established(), session->resumed(), session->identity()};
  }
  Outcome connect_with_psk() {
    auto options = TlsPort::client_options();
    with_psk(options.base, "device", psk_key());
    return connect(std::move(options));
  }
  Outcome connect_with_ticket() {
    auto options = TlsPort::client_options();
    options.base.ticket = ticket_;
    return connect(std::move(options));
  }
  // reconfigure builds a new context, as a reload does; tickets and identities stay.
  void reconfigure(ClientAuthentication clients) {
    TlsPort other;
    other.options.clients = std::move(clients);
    other.tickets = port_.tickets;
    other.resolver = port_.resolver;
    ASSERT_TRUE(other.start());
    port_.context = other.context;
  }
  TlsPort port_;
  SessionTicket ticket_;
};

TEST_F(TlsTicketTest, ATicketCarriesTheIdentity) {
  start(psk_only());
  EXPECT_EQ(connect_with_psk().identity, kPskOwner);
  const auto again = connect_with_ticket();
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(again.identity, kPskOwner);
  const auto once_more = connect_with_ticket();
  EXPECT_TRUE(once_more.resumed) << "by the ticket of the resumed session";
  EXPECT_EQ(once_more.identity, kPskOwner);
}

TEST_F(TlsTicketTest, TheTicketOfARevokedIdentityIsWorthless) {
  start(psk_or_none());
  EXPECT_EQ(connect_with_psk().identity, kPskOwner);
  port_.resolver->disabled = kPskOwner;
  const auto again = connect_with_ticket();
  EXPECT_TRUE(again.established);
  EXPECT_FALSE(again.resumed);
  EXPECT_EQ(again.identity, kAnonymous);
}

TEST_F(TlsTicketTest, AnExpiredTicketMeansAFullHandshake) {
  port_.tickets = std::make_shared<TicketKeys>(Clock::duration(0), Clock::duration(0));
  start(psk_or_none());
  EXPECT_EQ(connect_with_psk().identity, kPskOwner);
  const auto again = connect_with_ticket();
  EXPECT_TRUE(again.established);
  EXPECT_FALSE(again.resumed);
  EXPECT_EQ(again.identity, kAnonymous);
}

TEST_F(TlsTicketTest, NothingIsResumedWithoutAKeyExchange) {
  start(none_only());
  EXPECT_TRUE(connect(TlsPort::client_options()).established);
  ASSERT_TRUE(ticket_);
  auto options = TlsPort::client_options();
  options.base.ticket = ticket_;
  options.no_key_exchange = true;
  EXPECT_FALSE(connect(std::move(options)).resumed);
}

TEST_F(TlsTicketTest, AnAnonymousTicketIsWorthlessOnceAnonymityIsOver) {
  start(none_only());
  EXPECT_TRUE(connect(TlsPort::client_options()).established);
  reconfigure(psk_only());
  EXPECT_FALSE(connect_with_ticket().established);
}

// A device that came in over DTLS by its PSK has proven nothing that a port for certificates alone asks for. The ticket of wolfSSL's
// client is carried over by its own internals, as an attacker would.
TEST_F(TlsTicketTest, ATicketOfDtlsOpensNothingHere) {
  Network net;
  net.context_options.clients = psk_or_none();
  list_everybody(*net.resolver);
  net.tickets = port_.tickets;
  ASSERT_TRUE(net.start());
  auto options = net.client_options("X25519MLKEM768");
  with_psk(options, "device", psk_key());
  auto& host = net.add(std::move(options));
  ASSERT_TRUE(net.run_until_settled(host)) << host.client->failure().text;
  net.pass(1s);
  ticket_ = host.client->ticket();
  ASSERT_TRUE(ticket_);
  auto& session = *static_cast<WOLFSSL_SESSION*>(ticket_.get());
  session.version.major = SSLv3_MAJOR;
  session.version.minor = TLSv1_3_MINOR;
  start(psk_or_none());
  const auto here = connect_with_ticket();
  EXPECT_TRUE(here.established) << "a full handshake";
  EXPECT_FALSE(here.resumed);
  EXPECT_EQ(here.identity, kAnonymous);
}

}  // namespace
}  // namespace qeaas::testing_net
