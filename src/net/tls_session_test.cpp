// SPDX-License-Identifier: GPL-3.0-or-later
// One TLS 1.3 session against wolfSSL's client: groups, certificates, retry, pieces, data both ways, resumption, ALPN, goodbye.
#include <gtest/gtest.h>

#include "net/test_tls.hpp"

namespace qeaas::testing_net {
namespace {

constexpr int kMlKem768X25519 = 0x11EC;
constexpr int kX25519 = 0x001D;

class TlsSessionTest : public testing::Test {
 protected:
  // Pair is one connection. The parts live as long as the test.
  struct Pair {
    std::unique_ptr<TlsSession> session;
    std::unique_ptr<TlsTestClient> client;
    std::unique_ptr<TlsWire> wire;
    bool open() const { return session->established() && client->connected && !wire->failure && client->error == 0; }
  };
  Pair connect(TlsClientOptions options = TlsPort::client_options(), std::size_t piece = TlsSession::kMaxFeedBytes) {
    if (!port_.context) {
      EXPECT_TRUE(port_.start());
    }
    Pair pair{port_.accept(), std::make_unique<TlsTestClient>(std::move(options)), nullptr};
    pair.wire = std::make_unique<TlsWire>(*pair.session, *pair.client);
    pair.wire->piece = piece;
    pair.wire->run();
    return pair;
  }
  static std::string pattern(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    return text;
  }
  TlsPort port_;
};

TEST_F(TlsSessionTest, CarriesDataBothWays) {
  auto pair = connect();
  ASSERT_TRUE(pair.open()) << pair.client->error;
  EXPECT_TRUE(pair.client->say("GET /v1/random HTTP/1.1\r\n\r\n"));
  pair.wire->run();
  EXPECT_EQ(pair.wire->heard, "GET /v1/random HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(pair.session->write(bytes_of("HTTP/1.1 200 OK\r\n\r\n")));
  pair.wire->run();
  EXPECT_EQ(pair.client->text, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(pair.session->identity(), kAnonymous);
  EXPECT_FALSE(pair.session->resumed());
  EXPECT_FALSE(pair.session->has_outgoing());
}

class TlsMatrix : public TlsSessionTest, public testing::WithParamInterface<std::tuple<const char*, bool>> {};
TEST_P(TlsMatrix, EveryGroupWithEverySignature) {
  const auto [group, ml_dsa] = GetParam();
  port_.options.groups = parse_groups(std::vector<std::string>{group}, false).value();
  auto options = TlsPort::client_options(group);
  options.knows_ml_dsa = ml_dsa;
  auto pair = connect(std::move(options));
  ASSERT_TRUE(pair.open()) << pair.client->error;
  const auto expected = ml_dsa ? SignatureAlgorithm::ml_dsa_44 : SignatureAlgorithm::ecdsa_p256;
  EXPECT_EQ(pair.session->signature(), expected);
  EXPECT_EQ(pair.client->server_signature, expected) << "and the client saw the same one";
  EXPECT_EQ(find_group(pair.session->group())->name, group);
  EXPECT_EQ(pair.client->group(), group);
  const auto rows = port_.census.snapshot();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].group, group);
  EXPECT_EQ(rows[0].transport, Transport::stream);
  EXPECT_EQ(SessionCensus::name(rows[0].proof), ml_dsa ? "ML-DSA-44" : "ECDSA P-256");
}
INSTANTIATE_TEST_SUITE_P(All, TlsMatrix,
                         testing::Combine(testing::Values("MLKEM512", "MLKEM768", "MLKEM1024", "X25519MLKEM768", "SecP256r1MLKEM768",
                                                          "P-256", "P-384", "X25519"),
                                          testing::Bool()),
                         [](const auto& test) {
                           std::string name = std::get<0>(test.param) + std::string(std::get<1>(test.param) ? "MlDsa" : "P256");
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(TlsSessionTest, AnotherGroupsKeyShareIsAskedForAgain) {
  port_.options.groups = {kMlKem768X25519};
  for (const bool ml_dsa : {true, false}) {
    auto options = TlsPort::client_options();
    options.base.groups = {kX25519, kMlKem768X25519};
    options.share = kX25519;
    options.knows_ml_dsa = ml_dsa;
    auto pair = connect(std::move(options));
    ASSERT_TRUE(pair.open()) << pair.client->error;
    EXPECT_EQ(pair.client->group(), "X25519MLKEM768");
    EXPECT_EQ(pair.session->signature(), ml_dsa ? SignatureAlgorithm::ml_dsa_44 : SignatureAlgorithm::ecdsa_p256);
  }
}

TEST_F(TlsSessionTest, TheServersOrderOfGroupsCounts) {
  auto options = TlsPort::client_options();
  options.base.groups = {kX25519, kMlKem768X25519};
  ASSERT_TRUE(port_.start());
  auto session = port_.accept();
  TlsTestClient client(std::move(options));
  ASSERT_EQ(wolfSSL_UseKeyShare(client.ssl(), kMlKem768X25519), WOLFSSL_SUCCESS);
  TlsWire wire(*session, client);
  wire.run();
  ASSERT_TRUE(session->established()) << client.error;
  EXPECT_EQ(client.group(), "X25519MLKEM768");
}

TEST_F(TlsSessionTest, AServerWithOneCertificateReportsThatOne) {
  port_.offer({SignatureAlgorithm::ecdsa_p256});
  auto pair = connect();
  ASSERT_TRUE(pair.open());
  EXPECT_EQ(pair.session->signature(), SignatureAlgorithm::ecdsa_p256);
}

TEST_F(TlsSessionTest, PiecesOfOneByteAreEnough) {
  for (const std::size_t piece : {1U, 2U, 7U, 100U}) {
    auto pair = connect(TlsPort::client_options(), piece);
    ASSERT_TRUE(pair.open()) << piece;
    const auto said = pattern(20000);
    EXPECT_TRUE(pair.client->say(said));
    pair.wire->run();
    EXPECT_EQ(pair.wire->heard, said) << piece;
    ASSERT_TRUE(pair.session->write(bytes_of(said)));
    pair.wire->run();
    EXPECT_EQ(pair.client->text, said) << piece;
  }
}

TEST_F(TlsSessionTest, ManyRecordsInOnePieceAreAllRead) {
  auto pair = connect();
  ASSERT_TRUE(pair.open());
  std::string said;
  for (int i = 0; i < 100; ++i) {
    const auto one = pattern(static_cast<std::size_t>(1 + i));
    EXPECT_TRUE(pair.client->say(one));
    said += one;
  }
  pair.wire->run();
  EXPECT_EQ(pair.wire->heard, said);
}

TEST_F(TlsSessionTest, TheLargestWriteComesThroughAndALargerOneIsRefused) {
  auto pair = connect();
  ASSERT_TRUE(pair.open());
  const auto said = pattern(TlsSession::kMaxWriteBytes);
  EXPECT_EQ(pair.session->write(bytes_of(said + "x")).error(), Error::too_large);
  EXPECT_FALSE(pair.session->has_outgoing());
  ASSERT_TRUE(pair.session->write(bytes_of(said)));
  EXPECT_TRUE(pair.session->write({})) << "nothing is nothing";
  pair.wire->run();
  EXPECT_EQ(pair.client->text, said);
}

TEST_F(TlsSessionTest, WhatIsOutgoingStaysWhereItIsUntilItIsSent) {
  auto pair = connect();
  ASSERT_TRUE(pair.open());
  ASSERT_TRUE(pair.session->write(bytes_of("first")));
  const auto shown = pair.session->outgoing();
  const Buffer copy(shown.begin(), shown.end());
  ASSERT_TRUE(pair.session->write(bytes_of(pattern(40000))));
  const auto again = pair.session->outgoing();
  EXPECT_EQ(again.data(), shown.data());
  EXPECT_TRUE(std::equal(shown.begin(), shown.end(), copy.begin(), copy.end()));
  pair.session->sent(3);
  EXPECT_EQ(pair.session->outgoing().data(), shown.data() + 3);
  EXPECT_EQ(pair.session->outgoing().size(), copy.size() - 3);
  pair.client->in.insert(pair.client->in.end(), copy.begin(), copy.begin() + 3);
  pair.wire->run();
  EXPECT_EQ(pair.client->text, "first" + pattern(40000));
}

TEST_F(TlsSessionTest, FeedingWithoutReadingIsBoundedAndLosesNothing) {
  auto pair = connect();
  ASSERT_TRUE(pair.open());
  EXPECT_TRUE(pair.client->say(pattern(30000)));
  const auto all = std::exchange(pair.client->out, {});
  const Bytes ciphertext(all);
  ASSERT_TRUE(pair.session->feed(ciphertext.first(TlsSession::kMaxFeedBytes)));
  ASSERT_GT(ciphertext.size(), 2 * 13000U);
  EXPECT_TRUE(pair.session->feed(ciphertext.subspan(TlsSession::kMaxFeedBytes))) << "one record is decrypted";
  const Buffer more(TlsSession::kMaxFeedBytes);
  EXPECT_EQ(pair.session->feed(more).error(), Error::no_space);
  pair.wire->drain();
  EXPECT_EQ(pair.wire->heard, pattern(30000));
}

TEST_F(TlsSessionTest, ReadAndWriteWaitForTheHandshake) {
  ASSERT_TRUE(port_.start());
  auto session = port_.accept();
  std::array<std::uint8_t, 10> room{};
  EXPECT_EQ(session->read(room).error(), Error::would_block);
  EXPECT_EQ(session->write(room).error(), Error::would_block);
  session->shutdown();
  EXPECT_FALSE(session->has_outgoing());
  EXPECT_EQ(session->group(), "");
  EXPECT_EQ(session->signature(), std::nullopt);
  EXPECT_EQ(session->identity(), kAnonymous);
}

TEST_F(TlsSessionTest, GoodbyesGoBothWays) {
  auto pair = connect();
  ASSERT_TRUE(pair.open());
  EXPECT_TRUE(pair.client->say("last words"));
  pair.client->goodbye();
  pair.wire->run();
  EXPECT_EQ(pair.wire->heard, "last words");
  EXPECT_TRUE(pair.wire->goodbye);
  ASSERT_TRUE(pair.session->write(bytes_of("answer to a client that has closed its half")));
  pair.session->shutdown();
  EXPECT_EQ(pair.session->write(bytes_of("x")).error(), Error::closed);
  EXPECT_TRUE(pair.session->feed(bytes_of("whatever follows a close_notify"))) << "is ignored";
  pair.wire->run();
  EXPECT_TRUE(pair.client->closed());
}

TEST_F(TlsSessionTest, AClientThatStaysSeesTheGoodbye) {
  auto pair = connect();
  ASSERT_TRUE(pair.session->write(bytes_of("all")));
  pair.session->shutdown();
  pair.wire->run();
  EXPECT_EQ(pair.client->text, "all");
  EXPECT_TRUE(pair.client->closed());
}

TEST_F(TlsSessionTest, KeyUpdatesOfThePeerAreAnswered) {
  auto pair = connect();
  ASSERT_TRUE(pair.open());
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(wolfSSL_update_keys(pair.client->ssl()), WOLFSSL_SUCCESS);
    EXPECT_TRUE(pair.client->say("x"));
    pair.wire->run();
    ASSERT_TRUE(pair.session->write(bytes_of("y")));
    pair.wire->run();
  }
  EXPECT_EQ(pair.wire->heard, std::string(100, 'x'));
  EXPECT_EQ(pair.client->text, std::string(100, 'y'));
}

TEST_F(TlsSessionTest, ATicketResumesTheSessionWithoutASignature) {
  auto first = connect();
  ASSERT_TRUE(first.open());
  auto options = TlsPort::client_options();
  options.base.ticket = first.client->ticket();
  auto second = connect(std::move(options));
  ASSERT_TRUE(second.open()) << second.client->error;
  EXPECT_TRUE(second.session->resumed());
  EXPECT_TRUE(second.client->resumed());
  EXPECT_EQ(second.session->signature(), std::nullopt);
  EXPECT_EQ(second.session->group(), first.session->group()) << "and with a new key exchange";
  std::uint64_t resumed = 0;
  for (const auto& row : port_.census.snapshot()) resumed += row.resumed ? row.open : 0;
  EXPECT_EQ(resumed, 1U);
}

TEST_F(TlsSessionTest, AChainOfResumptionsHasNoEnd) {
  constexpr int kMoreThanAByteCounts = 260;
  SessionTicket ticket;
  for (int i = 0; i <= kMoreThanAByteCounts; ++i) {
    auto options = TlsPort::client_options();
    options.base.ticket = ticket;
    auto pair = connect(std::move(options));
    ASSERT_TRUE(pair.open()) << "resumption " << i << ": " << pair.client->error;
    ASSERT_EQ(pair.session->resumed(), i > 0);
    ticket = pair.client->ticket();
  }
}

TEST_F(TlsSessionTest, WithoutTicketsThereIsNoResumption) {
  port_.options.tickets = false;
  auto first = connect();
  auto options = TlsPort::client_options();
  options.base.ticket = first.client->ticket();
  auto second = connect(std::move(options));
  ASSERT_TRUE(second.open());
  EXPECT_FALSE(second.session->resumed());
}

TEST_F(TlsSessionTest, TheApplicationProtocolIsChosenWhenItIsOffered) {
  port_.options.alpn = "http/1.1";
  struct Offer {
    const char* alpn;
    bool accepted;
    const char* chosen;
  };
  for (const auto& offer :
       {Offer{"http/1.1", true, "http/1.1"}, Offer{"h2,http/1.1", true, "http/1.1"}, Offer{"", true, ""}, Offer{"h2", false, ""}}) {
    auto options = TlsPort::client_options();
    options.alpn = offer.alpn;
    auto pair = connect(std::move(options));
    EXPECT_EQ(pair.open(), offer.accepted) << offer.alpn;
    if (offer.accepted) {
      EXPECT_EQ(pair.client->protocol(), offer.chosen);
      continue;
    }
    EXPECT_EQ(pair.client->alert(), no_application_protocol);
    EXPECT_EQ(pair.wire->failure, Error::unsupported);
  }
}

TEST_F(TlsSessionTest, WithoutACommonGroupThereIsNoSession) {
  port_.options.groups = {kMlKem768X25519};
  auto pair = connect(TlsPort::client_options("P-256"));
  EXPECT_FALSE(pair.session->established());
  // wolfSSL asks for a group of its own all the same (tls.c, TLSX_KeyShare_SetSupported), and the client refuses that.
  EXPECT_EQ(pair.wire->failure, Error::closed);
  EXPECT_NE(pair.client->error, 0);
  EXPECT_EQ(port_.census.failures(Transport::stream), 1U);
}

TEST_F(TlsSessionTest, AClientThatDoesNotTrustTheServerEndsIt) {
  auto options = TlsPort::client_options();
  options.base.roots = {Authority::make(SignatureAlgorithm::ml_dsa_44).root};
  auto pair = connect(std::move(options));
  EXPECT_FALSE(pair.session->established());
  EXPECT_EQ(pair.wire->failure, Error::closed);
}

TEST_F(TlsSessionTest, TheCensusFollowsTheSession) {
  {
    auto one = connect();
    auto two = connect();
    ASSERT_EQ(port_.census.snapshot().size(), 1U);
    EXPECT_EQ(port_.census.snapshot()[0].open, 2U);
  }
  EXPECT_EQ(port_.census.snapshot()[0].open, 0U);
  EXPECT_EQ(port_.census.snapshot()[0].completed, 2U);
  port_.accept().reset();
  EXPECT_EQ(port_.census.failures(Transport::stream), 0U) << "who says nothing has failed in nothing";
  auto half = port_.accept();
  TlsTestClient client(TlsPort::client_options());
  client.step();
  ASSERT_TRUE(half->feed(Bytes(client.out).first(100)));
  half.reset();
  EXPECT_EQ(port_.census.failures(Transport::stream), 1U);
}

TEST_F(TlsSessionTest, WithoutASeedThereIsNoSession) {
  ASSERT_TRUE(port_.start());
  ASSERT_TRUE(initialise_crypto([](MutableBytes) noexcept -> Status { return fail(Error::io); }));
  const auto session = TlsSession::make(port_.context);
  ASSERT_TRUE(initialise_crypto(os_seed));
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error(), Error::starved);
}

TEST_F(TlsSessionTest, AContextForDatagramsMakesNoSession) {
  port_.options.transport = Transport::datagram;
  ASSERT_TRUE(port_.start());
  EXPECT_EQ(TlsSession::make(port_.context).error(), Error::unsupported);
}

TEST_F(TlsSessionTest, FaultsNameTheSectionOfTheTransport) {
  port_.options.credentials.clear();
  const auto started = port_.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().text.find("[https] certificates"), std::string::npos) << started.error().text;
}

}  // namespace
}  // namespace qeaas::testing_net
