// SPDX-License-Identifier: GPL-3.0-or-later
// Every signature with every size of ML-KEM: handshakes over both transports, the choice among several certificates, and what a client
// that accepts only some of them refuses.
#include <gtest/gtest.h>

#include "net/test_tls.hpp"

namespace qeaas::testing_net {
namespace {

constexpr auto k44 = SignatureAlgorithm::ml_dsa_44;
constexpr auto k65 = SignatureAlgorithm::ml_dsa_65;
constexpr auto k87 = SignatureAlgorithm::ml_dsa_87;
constexpr auto kP256 = SignatureAlgorithm::ecdsa_p256;

using Combination = std::tuple<const char*, SignatureAlgorithm>;
std::string title(const testing::TestParamInfo<Combination>& test) {
  std::string text = std::get<0>(test.param) + std::string(name(std::get<1>(test.param)));
  std::erase(text, '-');
  return text;
}
const auto kCombinations = testing::Combine(testing::Values("MLKEM512", "MLKEM768", "MLKEM1024", "X25519MLKEM768", "P-384"),
                                            testing::ValuesIn(kSignatureAlgorithms));

class Levels : public testing::TestWithParam<Combination> {};

TEST_P(Levels, DatagramsCarryTheHandshakeUnderTheMtu) {
  const auto& [group, signature] = GetParam();
  Network net;
  SessionCensus census;
  net.offer({signature});
  net.context_options.groups = parse_groups(std::vector<std::string>{group}, false).value();
  net.server_options.census = &census;
  ASSERT_TRUE(net.start());
  std::size_t largest = 0;
  net.observer = [&](const Network::Packet& packet) { largest = std::max(largest, packet.bytes.size()); };
  auto& host = net.add(net.client_options(group));
  ASSERT_TRUE(net.run_until_settled(host)) << host.client->failure().text;
  EXPECT_EQ(host.client->report().signature, signature);
  EXPECT_EQ(host.client->report().group, find_group(group)->title);
  EXPECT_TRUE(host.client->report().verified);
  EXPECT_LE(largest, 1280 - kIpUdpHeaderBytes);
  ASSERT_TRUE(host.client->send(bytes_of("hello")));
  ASSERT_TRUE(net.run([&] { return !host.received.empty(); }));
  ASSERT_EQ(census.snapshot().size(), 1U);
  EXPECT_EQ(census.snapshot()[0].proof, SessionCensus::proof_of(signature));
}

TEST_P(Levels, TheHandshakeSurvivesABadNetwork) {
  const auto& [group, signature] = GetParam();
  Network net(7, {.loss = 0.1, .doubled = 0.05, .late = 0.2});
  net.offer({signature});
  net.context_options.groups = parse_groups(std::vector<std::string>{group}, false).value();
  net.server_options.handshake_timeout = 300s;
  ASSERT_TRUE(net.start());
  std::vector<Network::Host*> hosts;
  for (int i = 0; i < 4; ++i) {
    auto options = net.client_options(group);
    options.handshake_timeout = 300s;
    hosts.push_back(&net.add(std::move(options)));
  }
  EXPECT_TRUE(net.run([&] { return std::ranges::all_of(hosts, [](const auto* host) { return host->client->report().verified; }); }, 300s));
  for (const auto* host : hosts) EXPECT_EQ(host->client->report().signature, signature) << host->client->failure().text;
}

TEST_P(Levels, AStreamCarriesTheHandshake) {
  const auto& [group, signature] = GetParam();
  TlsPort port;
  port.offer({signature});
  port.options.groups = parse_groups(std::vector<std::string>{group}, false).value();
  ASSERT_TRUE(port.start());
  auto session = port.accept();
  TlsTestClient client(TlsPort::client_options(group));
  TlsWire wire(*session, client);
  wire.run();
  ASSERT_TRUE(session->established()) << client.error;
  EXPECT_EQ(session->signature(), signature);
  EXPECT_EQ(client.server_signature, signature);
  EXPECT_EQ(client.group(), group);
}
INSTANTIATE_TEST_SUITE_P(All, Levels, kCombinations, title);

// A client that shows a certificate of the same level, which is as large as the server's.
class ClientLevels : public testing::TestWithParam<SignatureAlgorithm> {};
TEST_P(ClientLevels, ProveAClient) {
  const auto own = Authority::make(GetParam(), false);
  Network net;
  net.offer({GetParam()});
  net.context_options.groups = parse_groups(std::vector<std::string>{"MLKEM1024"}, false).value();
  net.context_options.clients = {.none = false, .certificate = true, .roots = {own.root}};
  net.resolver->keys[spki_sha256(own.leaf).value()] = 77;
  ASSERT_TRUE(net.start());
  auto options = net.client_options("MLKEM1024");
  options.certificate = Authority::credential(own);
  auto& host = net.add(std::move(options));
  ASSERT_TRUE(net.run_until_settled(host)) << host.client->failure().text;
  ASSERT_TRUE(net.run([&] { return net.opened == 1; }));
  EXPECT_EQ(net.last_identity, 77U);
}
INSTANTIATE_TEST_SUITE_P(All, ClientLevels, testing::ValuesIn(kSignatureAlgorithms), [](const auto& test) {
  std::string text(name(test.param));
  std::erase(text, '-');
  return text;
});

// What a client that accepts these gets from a server that has those, or nothing.
struct Choice {
  std::string what;
  std::vector<SignatureAlgorithm> server;
  std::vector<SignatureAlgorithm> client;
  std::optional<SignatureAlgorithm> expected;
};
class Choices : public testing::TestWithParam<Choice> {};

TEST_P(Choices, OverDatagrams) {
  const auto& [what, server, client, expected] = GetParam();
  Network net;
  net.context_options.credentials.clear();
  for (const auto one : server) net.context_options.credentials.push_back(Authority::credential(authority().of(one)));
  ASSERT_TRUE(net.start());
  auto options = net.client_options("X25519MLKEM768");  // its hello comes twice: the share waits for a cookie
  options.signatures = client;
  auto& host = net.add(std::move(options));
  EXPECT_EQ(net.run_until_settled(host), expected.has_value()) << host.client->failure().text;
  EXPECT_EQ(host.client->report().signature, expected);
  if (expected) return;
  EXPECT_EQ(host.client->failure().error, Error::unauthorized);
  EXPECT_NE(host.client->failure().text.find("no certificate that --signatures accepts"), std::string::npos) << host.client->failure().text;
  EXPECT_EQ(net.opened, 0);
}

TEST_P(Choices, OverAStreamAlsoWhenTheHelloComesTwice) {
  const auto& [what, server, client_accepts, expected] = GetParam();
  for (const char* first : {"X25519MLKEM768", "P-384"}) {
    TlsPort port;
    port.options.credentials.clear();
    for (const auto one : server) port.options.credentials.push_back(Authority::credential(authority().of(one)));
    ASSERT_TRUE(port.start());
    auto options = TlsPort::client_options();
    options.base.groups = parse_groups(std::vector<std::string>{"X25519MLKEM768", "P-384"}, false).value();
    options.share = find_group(first)->code;
    options.base.signatures = client_accepts;
    auto session = port.accept();
    TlsTestClient client(std::move(options));
    TlsWire wire(*session, client);
    wire.run();
    EXPECT_EQ(session->established(), expected.has_value()) << client.error;
    EXPECT_EQ(session->signature(), expected);
    EXPECT_EQ(client.server_signature, expected);
    EXPECT_EQ(client.alert() == handshake_failure, !expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Choices,
                         testing::Values(Choice{"TheServersOrderCounts", {k44, k87, kP256}, {}, k44},
                                         Choice{"InItsOrder", {k87, k44, kP256}, {}, k87}, Choice{"AnotherOrder", {kP256, k87}, {}, kP256},
                                         Choice{"TheClientsOrderDoesNot", {k87, k44}, {k44, k87}, k87},
                                         Choice{"TheFirstThatTheClientKnows", {k87, k65, k44, kP256}, {kP256, k44}, k44},
                                         Choice{"TheLastOne", {k87, k65, k44, kP256}, {kP256}, kP256},
                                         Choice{"TheFirstOne", {k87, k65, k44, kP256}, {k87}, k87}, Choice{"OneOfEach", {k65}, {k65}, k65},
                                         Choice{"AWeakerServer", {k44}, {k87}, std::nullopt},
                                         Choice{"AClassicalServer", {kP256}, {k44, k65, k87}, std::nullopt},
                                         Choice{"NoneOfSeveral", {k44, kP256}, {k65, k87}, std::nullopt}),
                         [](const auto& test) { return test.param.what; });

// A server that shows what nobody asked for: here by a leaf whose issuer is of a lower level.
TEST(SignatureLevels, AWeakerIssuerIsRefusedWhereTheLevelCounts) {
  const auto key = make_key_pair(k87).value();
  const auto& weak = authority().of(k44);
  const auto leaf = make_leaf(key, {"test", {"localhost"}, 5, true}, weak.ca_key, weak.root).value();
  for (const bool strict : {true, false}) {
    Network net;
    net.context_options.credentials.clear();
    net.context_options.credentials.push_back({leaf, handshake_key(key).value()});
    ASSERT_TRUE(net.start());
    auto options = net.client_options();
    if (strict) options.signatures = {k87};
    auto& host = net.add(std::move(options));
    EXPECT_EQ(net.run_until_settled(host), !strict) << host.client->failure().text;
    if (!strict) continue;
    EXPECT_EQ(host.client->failure().error, Error::not_trusted);
    EXPECT_NE(host.client->failure().text.find("for ML-DSA-87 and signed with ML-DSA-44"), std::string::npos)
        << host.client->failure().text;
  }
}

TEST(SignatureLevels, ARestrictionOutlivesTheCopyForASecondAttempt) {
  DtlsClientOptions options;
  options.signatures = {k87};
  EXPECT_EQ(options.duplicate().signatures, options.signatures);
}

TEST(SignatureLevels, ACredentialThatIsDamagedIsFoundAtOnceWhereverItStands) {
  for (const bool first : {true, false}) {
    TlsPort port;
    Credential mixed_up{authority().of(k87).leaf, SecretBytes(authority().of(k65).leaf_key.span())};
    port.options.credentials.insert(first ? port.options.credentials.begin() : port.options.credentials.end(), std::move(mixed_up));
    EXPECT_EQ(port.start().error().error, Error::malformed);
  }
  TlsPort port;
  port.options.credentials.push_back({Der{0x30, 0x00}, SecretBytes(1)});
  EXPECT_EQ(port.start().error().error, Error::malformed);
}

}  // namespace
}  // namespace qeaas::testing_net
