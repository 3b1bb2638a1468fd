// SPDX-License-Identifier: GPL-3.0-or-later
// The DTLS engine against its own client over a network that the test controls: handshakes, authentication, loss, floods.
#include <gtest/gtest.h>

#include "net/test_network.hpp"

namespace qeaas::testing_net {
namespace {

TEST(Dtls, PostQuantumHandshakeVerifiesAndCarriesData) {
  Network net;
  ASSERT_TRUE(net.start());
  auto& host = net.add(net.client_options());
  ASSERT_TRUE(net.run_until_settled(host)) << host.client->failure().text;
  const auto& report = host.client->report();
  EXPECT_EQ(report.group, "ML-KEM-512");
  EXPECT_TRUE(report.post_quantum_group);
  EXPECT_EQ(report.signature, SignatureAlgorithm::ml_dsa_44);
  EXPECT_TRUE(report.verified);
  EXPECT_FALSE(report.resumed);
  EXPECT_EQ(net.last_session->group(), "ML_KEM_512");
  ASSERT_TRUE(host.client->send(bytes_of("hello")));
  ASSERT_TRUE(net.run([&] { return !host.received.empty(); }));
  EXPECT_EQ(host.received.front(), "hello");
  EXPECT_EQ(net.server->sessions(), 1U);
}

class DtlsGroups : public testing::TestWithParam<const char*> {};
TEST_P(DtlsGroups, EveryGroupCompletesUnderTheMtu) {
  Network net;
  net.context_options.groups = parse_groups(std::vector<std::string>{GetParam()}, false).value();
  ASSERT_TRUE(net.start());
  std::size_t largest = 0;
  net.observer = [&](const Network::Packet& packet) { largest = std::max(largest, packet.bytes.size()); };
  auto& host = net.add(net.client_options(GetParam()));
  ASSERT_TRUE(net.run_until_settled(host)) << host.client->failure().text;
  EXPECT_EQ(host.client->report().group, find_group(GetParam())->title);
  EXPECT_LE(largest, 1280 - kIpUdpHeaderBytes);
}
INSTANTIATE_TEST_SUITE_P(All, DtlsGroups,
                         testing::Values("MLKEM512", "MLKEM768", "MLKEM1024", "X25519MLKEM768", "SecP256r1MLKEM768", "P-256", "P-384",
                                         "X25519"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Dtls, AServerWithoutMlDsaShowsItsP256Certificate) {
  Network net;
  net.offer({SignatureAlgorithm::ecdsa_p256});
  ASSERT_TRUE(net.start());
  auto& host = net.add(net.client_options("P-256"));
  ASSERT_TRUE(net.run_until_settled(host));
  EXPECT_EQ(host.client->report().signature, SignatureAlgorithm::ecdsa_p256);
  EXPECT_FALSE(host.client->report().post_quantum_group);
}

TEST(Dtls, NoCommonGroupFailsWithAdvice) {
  Network net;
  net.context_options.groups = {0x0200};
  ASSERT_TRUE(net.start());
  auto& host = net.add(net.client_options("X25519"));
  EXPECT_FALSE(net.run_until_settled(host));
  EXPECT_EQ(host.client->state(), DtlsClient::State::failed);
  EXPECT_EQ(net.server->sessions(), 0U);
}

TEST(Dtls, AWrongNameAndAnUnknownRootAreRefused) {
  Network net;
  ASSERT_TRUE(net.start());
  auto options = net.client_options();
  options.server_name = "other.example";
  auto& named = net.add(std::move(options));
  EXPECT_FALSE(net.run_until_settled(named));
  EXPECT_EQ(named.client->failure().error, Error::not_trusted);
  EXPECT_NE(named.client->failure().text.find("other.example"), std::string::npos);

  auto strangers = net.client_options();
  strangers.roots = {Authority::make(SignatureAlgorithm::ml_dsa_44).root};
  auto& stranger = net.add(std::move(strangers));
  EXPECT_FALSE(net.run_until_settled(stranger));
  EXPECT_EQ(stranger.client->failure().error, Error::not_trusted);

  auto trusting = net.client_options();
  trusting.roots.clear();
  trusting.verify = false;
  auto& insecure = net.add(std::move(trusting));
  EXPECT_TRUE(net.run_until_settled(insecure));
  EXPECT_FALSE(insecure.client->report().verified);
}

TEST(Dtls, VerifyingWithoutARootIsRefusedAtOnce) {
  auto options = Network().client_options();
  options.roots.clear();
  EXPECT_EQ(DtlsClient::make(
                std::move(options), [](Bytes) {}, [](Bytes) {})
                .error()
                .error,
            Error::not_trusted);
}

TEST(Dtls, PskAuthenticatesBothSides) {
  Network net;
  net.context_options.clients.none = false;
  net.context_options.clients.psk = true;
  const std::vector<std::uint8_t> key(32, 7);
  net.resolver->psks["device-1"] = {42, key};
  ASSERT_TRUE(net.start());
  auto options = net.client_options();
  options.psk = PskCredential{"device-1", SecretBytes(Bytes(key))};
  auto& host = net.add(std::move(options));
  ASSERT_TRUE(net.run_until_settled(host)) << host.client->failure().text;
  EXPECT_TRUE(host.client->report().psk);
  EXPECT_EQ(host.client->report().group, "ML-KEM-512") << "a PSK handshake still has a post-quantum share";
  EXPECT_EQ(net.last_identity, 42U);

  auto wrong = net.client_options();
  const std::vector<std::uint8_t> other(32, 8);
  wrong.psk = PskCredential{"device-1", SecretBytes(Bytes(other))};
  auto& liar = net.add(std::move(wrong));
  EXPECT_FALSE(net.run_until_settled(liar));
  EXPECT_EQ(net.opened, 1);
}

TEST(Dtls, CertificatesAuthenticateClients) {
  const auto own = Authority::make(SignatureAlgorithm::ml_dsa_44, false);
  Network net;
  net.context_options.clients = {.none = false, .certificate = true, .roots = {own.root}};
  net.resolver->keys[spki_sha256(own.leaf).value()] = 77;
  ASSERT_TRUE(net.start());
  auto options = net.client_options();
  options.certificate = Authority::credential(own);
  auto& known = net.add(std::move(options));
  ASSERT_TRUE(net.run_until_settled(known)) << known.client->failure().text;
  ASSERT_TRUE(net.run([&] { return net.opened == 1; }));
  EXPECT_EQ(net.last_identity, 77U);

  net.add(net.client_options());  // none at all
  auto foreign = net.client_options();
  foreign.certificate = Authority::credential(Authority::make(SignatureAlgorithm::ml_dsa_44, false));
  net.add(std::move(foreign));
  net.pass(20s);
  EXPECT_EQ(net.opened, 1) << "neither the certificate of another CA nor none gets a session";
}

TEST(Dtls, TicketsResumeWithTheIdentityThatWasProven) {
  Network net;
  net.context_options.clients.psk = true;
  const std::vector<std::uint8_t> key(16, 9);
  net.resolver->psks["d"] = {5, key};
  ASSERT_TRUE(net.start());
  auto options = net.client_options();
  options.psk = PskCredential{"d", SecretBytes(Bytes(key))};
  auto& first = net.add(std::move(options));
  ASSERT_TRUE(net.run_until_settled(first));
  net.pass(1s);
  auto again = net.client_options();
  again.ticket = first.client->ticket();
  ASSERT_TRUE(again.ticket);
  const auto ticket = again.ticket;
  auto& second = net.add(std::move(again));
  ASSERT_TRUE(net.run_until_settled(second)) << second.client->failure().text;
  EXPECT_TRUE(second.client->report().resumed);
  EXPECT_FALSE(second.client->report().psk);
  ASSERT_TRUE(net.run([&] { return net.opened == 2; }));
  EXPECT_EQ(net.last_identity, 5U);
  EXPECT_EQ(net.server->counters().resumed, 1U);

  net.resolver->disabled = 5;
  auto refused = net.client_options();
  refused.ticket = ticket;
  auto& third = net.add(std::move(refused));
  ASSERT_TRUE(net.run_until_settled(third)) << "falls back to a full handshake";
  EXPECT_FALSE(third.client->report().resumed);
  ASSERT_TRUE(net.run([&] { return net.opened == 3; }));
  EXPECT_EQ(net.last_identity, kAnonymous) << "a disabled identity does not come in by an old ticket";
}

TEST(Dtls, AChainOfResumptionsHasNoEnd) {
  constexpr int kMoreThanAByteCounts = 260;
  Network net;
  ASSERT_TRUE(net.start());
  SessionTicket ticket;
  for (int i = 0; i <= kMoreThanAByteCounts; ++i) {
    auto options = net.client_options();
    options.ticket = ticket;
    auto& host = net.add(std::move(options));
    ASSERT_TRUE(net.run_until_settled(host)) << "resumption " << i << ": " << host.client->failure().text;
    ASSERT_EQ(host.client->report().resumed, i > 0);
    ASSERT_TRUE(net.run([&] { return net.opened == i + 1; }));
    net.pass(3ms);  // the next ticket is on its way
    ticket = host.client->ticket();
    ASSERT_TRUE(ticket);
    host.client.reset();
  }
  EXPECT_EQ(net.server->counters().resumed, static_cast<std::uint64_t>(kMoreThanAByteCounts));
}

TEST(Dtls, EveryOneOf200HandshakesCompletesInBadWeather) {
  Network net(20261121, {.loss = 0.10, .doubled = 0.05, .late = 0.2});
  ASSERT_TRUE(net.start());
  int completed = 0;
  for (int i = 0; i < 200; ++i) {
    auto options = net.client_options(i % 4 == 3 ? "X25519MLKEM768" : "MLKEM512");
    options.handshake_timeout = 60s;
    auto& host = net.add(std::move(options));
    if (net.run_until_settled(host))
      ++completed;
    else
      ADD_FAILURE() << i << ": " << host.client->failure().text;
    host.client.reset();
  }
  EXPECT_EQ(completed, 200);
}

TEST(Dtls, AFloodOfHellosMakesNoSessionAndLocksNobodyOut) {
  Network net;
  ASSERT_TRUE(net.start());
  std::vector<std::uint8_t> hello;
  net.observer = [&](const Network::Packet& packet) {
    if (hello.empty()) hello = packet.bytes;
  };
  auto& host = net.add(net.client_options());
  ASSERT_TRUE(net.run_until_settled(host));
  for (int i = 0; i < 5000; ++i) {
    auto from = Address::parse("192.0.2.1:1").value();
    from.set_port(static_cast<std::uint16_t>(i + 1));
    net.server->on_datagram(from, hello, net.now);
  }
  EXPECT_EQ(net.server->sessions(), 1U);
  auto& other = net.add(net.client_options());
  EXPECT_TRUE(net.run_until_settled(other));
}

TEST(Dtls, AFlightLeavesInAsFewDatagramsAsThePathAllows) {
  Network net;
  ASSERT_TRUE(net.start());
  std::vector<std::size_t> sizes;
  net.observer = [&](const Network::Packet& packet) {
    if (packet.from == net.server_address) sizes.push_back(packet.bytes.size());
  };
  auto& host = net.add(net.client_options());
  ASSERT_TRUE(net.run_until_settled(host));
  net.pass(100ms);
  // HelloRetryRequest; the flight of 7.7 kB, which wolfSSL makes as ten datagrams; acknowledgement and ticket together.
  EXPECT_EQ(sizes.size(), 1U + 9U + 1U);
  for (std::size_t i = 2; i + 2 < sizes.size(); ++i)  // the ServerHello stands alone: it is of another epoch
    EXPECT_GT(sizes[i] + sizes[i + 1], 1280 - kIpUdpHeaderBytes) << "two neighbours that would have fitted in one";
}

TEST(Dtls, ACookieSurvivesOneRotationOfTheSecret) {
  Network net;
  net.server_options.cookie_rotation = 60s;
  ASSERT_TRUE(net.start());
  auto& warm = net.add(net.client_options());
  ASSERT_TRUE(net.run_until_settled(warm));
  std::vector<Network::Packet> hellos;
  net.pass(30s);
  net.observer = [&](const Network::Packet& packet) {
    if (packet.to == net.server_address && packet.bytes[0] == 22) hellos.push_back(packet);
  };
  auto& host = net.add(net.client_options());
  ASSERT_TRUE(net.run([&] { return hellos.size() == 2; }));
  auto& turner = net.add(net.client_options());  // its first hello turns the secret while the other one's second is under way
  net.server->on_datagram(turner.address, hellos[2].bytes, net.now + 31s);
  ASSERT_TRUE(net.run_until_settled(host)) << host.client->failure().text;
  EXPECT_EQ(host.client->report().flights, 3U) << "no hello had to be repeated: hello, hello with cookie, finished";
}

TEST(Dtls, WithoutASeedNothingIsServed) {
  Network net;
  ASSERT_TRUE(net.start());
  auto& host = net.add(net.client_options());
  ASSERT_TRUE(initialise_crypto([](MutableBytes) noexcept { return Status(fail(Error::starved)); }));
  EXPECT_FALSE(net.run_until_settled(host));
  EXPECT_EQ(net.server->sessions(), 0U);
  ASSERT_TRUE(initialise_crypto(os_seed));
}

}  // namespace
}  // namespace qeaas::testing_net
