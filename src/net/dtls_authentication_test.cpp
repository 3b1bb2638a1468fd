// SPDX-License-Identifier: GPL-3.0-or-later
// Who may come in: every way of client authentication that a server can ask for, against clients that offer nothing, the right
// credential and the wrong one; tickets that are too old or whose owner is gone.
#include <gtest/gtest.h>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/internal.h>

#include "net/authentication_cases.hpp"

namespace qeaas::testing_net {
namespace {

class ClientAuthenticationTest : public testing::TestWithParam<Case> {};

TEST_P(ClientAuthenticationTest, AdmitsWhoeverTheConfigurationSaysAndNobodyElse) {
  const auto& test = GetParam();
  Network net;
  net.context_options.clients = test.server();
  list_everybody(*net.resolver);
  ASSERT_TRUE(net.start());
  auto options = net.client_options();
  apply(test.offer, options);
  auto& host = net.add(std::move(options));
  net.run([&] { return net.opened > 0; }, 5s);
  if (test.identity == kRefused) {
    EXPECT_EQ(net.opened, 0) << "came in as " << net.last_identity;
    EXPECT_EQ(host.client->state(), DtlsClient::State::failed) << "at once: it was told";
    EXPECT_EQ(host.client->failure().error, Error::unauthorized) << host.client->failure().text;
    net.pass(40s);
    EXPECT_EQ(net.server->sessions(), 0U) << "and nothing of it stays";
    return;
  }
  ASSERT_EQ(net.opened, 1) << host.client->failure().text;
  EXPECT_EQ(net.last_identity, test.identity);
}

INSTANTIATE_TEST_SUITE_P(All, ClientAuthenticationTest, authentication_cases(), [](const auto& test) { return test.param.name; });

TEST(ClientIdentity, APskThatBelongsToNobodyIsNoWayIn) {
  Network net;
  net.context_options.clients = psk_only();
  net.resolver->psks["ghost"] = {kAnonymous, psk_key()};
  ASSERT_TRUE(net.start());
  auto options = net.client_options();
  with_psk(options, "ghost", psk_key());
  net.add(std::move(options));
  net.pass(40s);
  EXPECT_EQ(net.opened, 0);
  EXPECT_EQ(net.server->sessions(), 0U);
  EXPECT_EQ(net.server->counters().handshakes_failed, 1U);
}

class TicketTest : public testing::Test {
 protected:
  // first lets a PSK client in and keeps its ticket.
  void first() {
    net_.context_options.clients = psk_or_none();
    list_everybody(*net_.resolver);
    ASSERT_TRUE(net_.start());
    auto options = net_.client_options();
    with_psk(options, "device", psk_key());
    auto& host = net_.add(std::move(options));
    ASSERT_TRUE(net_.run_until_settled(host)) << host.client->failure().text;
    net_.pass(1s);
    ticket_ = host.client->ticket();
    ASSERT_TRUE(ticket_);
  }
  Network::Host& again() {
    auto options = net_.client_options();
    options.ticket = ticket_;
    auto& host = net_.add(std::move(options));
    net_.run_until_settled(host);
    net_.pass(1s);
    return host;
  }
  void reconfigure(ClientAuthentication clients) {
    TlsContextOptions options;
    options.credentials = authority().credentials({SignatureAlgorithm::ml_dsa_44});
    options.groups = {0x0200};
    options.clients = std::move(clients);
    net_.server->use_context(TlsContext::make(std::move(options), net_.tickets, net_.resolver).value());
  }
  Network net_;
  SessionTicket ticket_;
};

TEST_F(TicketTest, AnExpiredTicketMeansAFullHandshake) {
  net_.tickets = std::make_shared<TicketKeys>(Clock::duration(0), Clock::duration(0));  // whatever it sealed has expired
  first();
  auto& host = again();
  EXPECT_EQ(host.client->state(), DtlsClient::State::established) << host.client->failure().text;
  EXPECT_FALSE(host.client->report().resumed);
  EXPECT_EQ(net_.opened, 2);
  EXPECT_EQ(net_.last_identity, kAnonymous) << "the identity of a ticket ends with it";
}

TEST_F(TicketTest, ATicketLivesAsLongAsItWasPromised) {
  net_.context_options.ticket_lifetime_seconds = 4321;
  first();
  EXPECT_EQ(net_.last_session->ssl->timeout, 4321U) << "wolfSSL's own limit is 500 s";
}

TEST_F(TicketTest, ATicketOfAnotherServersKeysMeansAFullHandshake) {
  first();
  net_.tickets = std::make_shared<TicketKeys>(1h, 2h);
  reconfigure(psk_or_none());
  auto& host = again();
  EXPECT_EQ(host.client->state(), DtlsClient::State::established) << host.client->failure().text;
  EXPECT_FALSE(host.client->report().resumed);
  EXPECT_EQ(net_.last_identity, kAnonymous);
}

TEST_F(TicketTest, AnAnonymousTicketIsWorthlessOnceAnonymityIsOver) {
  net_.context_options.clients = none_only();
  ASSERT_TRUE(net_.start());
  auto& host = net_.add(net_.client_options());
  ASSERT_TRUE(net_.run_until_settled(host));
  net_.pass(1s);
  ticket_ = host.client->ticket();
  reconfigure(psk_only());
  EXPECT_EQ(again().client->state(), DtlsClient::State::failed);
  EXPECT_EQ(net_.opened, 1);
}

}  // namespace
}  // namespace qeaas::testing_net
