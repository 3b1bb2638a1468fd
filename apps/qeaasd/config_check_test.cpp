// SPDX-License-Identifier: GPL-3.0-or-later
// What must hold between keys, each violation with its place and words; the warnings.
#include "config_fixture.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

std::vector<std::string> warnings_of(std::string_view text) {
  const auto outcome = parse_config(text, "t.toml");
  EXPECT_TRUE(outcome) << outcome.error().text;
  return outcome ? outcome->warnings : std::vector<std::string>{};
}

TEST(ConfigCheck, SourcesNeedIdAndType) {
  expect_mistake("[[source]]\ntype = \"os\"\n", Error::out_of_range, "t.toml:1:1: source.id: missing; every source needs an id");
  expect_mistake("\n[[source]]\nid = \"a\"\n", Error::out_of_range, "t.toml:2:1: source.type: missing; every source needs a type");
  expect_mistake(
      "[[source]]\nid = \"a\"\ntype = \"hwrng\"\n", Error::unknown,
      "t.toml:3:8: source.type: \"hwrng\" is unknown; allowed: one of device, rdseed, jitter, os, process, remote, photon, replay");
  expect_mistake("[[source]]\nid = \"A\"\ntype = \"os\"\n", Error::malformed,
                 "t.toml:2:6: source.id: \"A\" has other characters; allowed: text of 1 to 31 characters a-z, 0-9, - and _");
  expect_mistake("[[source]]\nid = \"\"\ntype = \"os\"\n", Error::out_of_range,
                 "t.toml:2:6: source.id: a text of 0 bytes is out of range; allowed: text of 1 to 31 characters a-z, 0-9, - and _");
}

TEST(ConfigCheck, SourceIdsAreUnique) {
  expect_mistake("[[source]]\nid = \"a\"\ntype = \"os\"\n[[source]]\ntype = \"jitter\"\n  id = \"a\"\n", Error::in_use,
                 "t.toml:6:3: source.id: \"a\" is taken by an earlier source; allowed: a unique id");
}

TEST(ConfigCheck, EachTypeHasItsKeys) {
  for (const auto& [type, key] :
       {std::pair("device", "path"), std::pair("replay", "path"), std::pair("process", "argv"), std::pair("remote", "url")}) {
    expect_mistake("[[source]]\nid = \"a\"\ntype = \"" + std::string(type) + "\"\n", Error::out_of_range,
                   "t.toml:1:1: source." + std::string(key) + ": missing; a source of type " + type + " needs it");
  }
  expect_mistake("[[source]]\nid = \"a\"\ntype = \"rdseed\"\nurl = \"https://x\"\n", Error::unsupported,
                 "t.toml:4:1: source.url: a source of type rdseed has no such key; allowed with: remote");
  expect_mistake("[[source]]\nid = \"a\"\ntype = \"jitter\"\nkind = \"quantum\"\n", Error::unsupported,
                 "t.toml:4:1: source.kind: a source of type jitter has no such key; allowed with: device, process, remote");
}

TEST(ConfigCheck, ASampleCannotHoldMoreEntropyThanBits) {
  expect_mistake("[[source]]\nid = \"a\"\ntype = \"device\"\npath = \"/dev/x\"\nsample_bits = 2\nmin_entropy = 2.5\n", Error::out_of_range,
                 "t.toml:6:1: source.min_entropy: more than a sample of 2 bits can hold; allowed: at most 2");
}

TEST(ConfigCheck, MinSourcesIsAtMostTheirNumber) {
  const std::string source = "[[source]]\nid = \"a\"\ntype = \"os\"\n";
  expect_mistake("[service]\nmin_sources = 2\n" + source, Error::out_of_range,
                 "t.toml:2:1: service.min_sources: 2 is more than the 1 sources of this file; allowed: at most as many as there are");
  EXPECT_TRUE(parse_config("[service]\nmin_sources = 1\n" + source, "t.toml"));
  EXPECT_TRUE(parse_config("[service]\nmin_sources = 2\n", "t.toml"));  // the daemon compares it with what the machine has
}

TEST(ConfigCheck, SixteenSourcesAtMost) {
  std::string text;
  for (int i = 0; i < 16; ++i) text += "[[source]]\nid = \"s" + std::to_string(i) + "\"\ntype = \"os\"\n";
  EXPECT_TRUE(parse_config(text, "t.toml"));
  expect_mistake(text + "[[source]]\nid = \"s16\"\ntype = \"os\"\n", Error::out_of_range,
                 "t.toml:49:1: source: more than 16 sources; allowed: at most 16");
}

TEST(ConfigCheck, ReservoirsArePowersOfTwo) {
  expect_mistake("[service]\nreservoir_blocks = 100\n", Error::out_of_range,
                 "t.toml:2:1: service.reservoir_blocks: 100 is no power of two; allowed: 16, 32, 64 ... 65536");
}

TEST(ConfigCheck, PqOnlyLeavesAGroup) {
  expect_mistake("[coaps]\ngroups = [\"P-256\", \"X25519\"]\npq_only = true\n", Error::out_of_range,
                 "t.toml:3:1: coaps.pq_only: no post-quantum group is left in coaps.groups; allowed: false, or a list with MLKEM512, "
                 "MLKEM768, MLKEM1024, "
                 "X25519MLKEM768 or SecP256r1MLKEM768");
  const auto config = parse_config("[coaps]\npq_only = true\n", "t.toml");
  ASSERT_TRUE(config);
  EXPECT_EQ(effective_groups(config->coaps.groups, true), (std::vector<std::string>{"MLKEM512", "X25519MLKEM768"}));
  EXPECT_EQ(effective_groups(CoapsConfig{}.groups, false), CoapsConfig{}.groups);
}

TEST(ConfigCheck, CertificatesNeedARoot) {
  expect_mistake(
      "[coaps]\nclient_auth = [\"psk\", \"certificate\"]\n", Error::out_of_range,
      "t.toml:2:1: coaps.client_auth: certificate needs coaps.client_ca, the roots that client certificates are verified against");
  EXPECT_TRUE(parse_config("[coaps]\nclient_auth = [\"certificate\"]\nclient_ca = \"/x.pem\"\n", "t.toml"));
}

TEST(ConfigCheck, TicketKeysTurnOverWithinTheirLifetime) {
  expect_mistake("[coaps]\nticket_lifetime_seconds = 60\n", Error::out_of_range,
                 "t.toml:2:1: coaps.ticket_rotation_seconds: 3600 is more than coaps.ticket_lifetime_seconds; allowed: at most 60");
  expect_mistake("[coaps]\nticket_rotation_seconds = 86401\n", Error::out_of_range,
                 "t.toml:2:1: coaps.ticket_rotation_seconds: 86401 is more than coaps.ticket_lifetime_seconds; allowed: at most 86400");
  EXPECT_TRUE(parse_config("[coaps]\ntickets = false\nticket_lifetime_seconds = 60\n", "t.toml"));
}

TEST(ConfigCheck, OneAddressOneListener) {
  expect_mistake("[coap]\nenabled = true\nlisten = [\"127.0.0.1:5684\"]\n", Error::in_use,
                 "t.toml:3:1: coap.listen: \"127.0.0.1:5684\" is listened on already; allowed: different addresses or ports");
  EXPECT_TRUE(parse_config("[coap]\nlisten = [\"127.0.0.1:5684\"]\n", "t.toml"));  // off
  EXPECT_TRUE(parse_config("[coap]\nenabled = true\nlisten = [\"127.0.0.1:0\"]\n[coaps]\nlisten = [\"127.0.0.1:0\"]\n", "t.toml"));
}

TEST(ConfigCheck, ABurstNeedsARate) {
  expect_mistake(
      "[limits]\naddress_burst_bytes = 70000\n", Error::out_of_range,
      "t.toml:2:1: limits.address_burst_bytes: it has no meaning without limits.address_bytes_per_second; allowed: both or neither");
  expect_mistake(
      "[limits]\nidentity_burst_bytes = 70000\n", Error::out_of_range,
      "t.toml:2:1: limits.identity_burst_bytes: it has no meaning without limits.identity_bytes_per_second; allowed: both or neither");
  EXPECT_EQ(
      warnings_of("[limits]\nidentity_bytes_per_second = 10\nidentity_burst_bytes = 100\n"),
      (std::vector<std::string>{"limits.identity_burst_bytes is below 65536: larger answers are refused however long a client waits"}));
  EXPECT_TRUE(warnings_of("[limits]\nidentity_bytes_per_second = 10\nidentity_burst_bytes = 65536\n").empty());
}

TEST(ConfigCheck, PlainCoapBeyondTheMachineWarns) {
  EXPECT_EQ(warnings_of("[coap]\nenabled = true\nlisten = [\"127.0.0.1:5683\", \"192.0.2.1:5683\"]\n"),
            (std::vector<std::string>{
                "coap.listen 192.0.2.1:5683 is plain CoAP beyond this machine: whoever is on the path reads the random bytes; use coaps"}));
  EXPECT_TRUE(warnings_of("[coap]\nenabled = true\n").empty());
  EXPECT_TRUE(warnings_of("[coap]\nlisten = [\"0.0.0.0:5683\"]\n").empty());
}

TEST(ConfigCheck, NamesOfThisMachineAreNoOrigins) {
  expect_mistake("[proxy]\norigins = [\"http://localhost:6065\"]\n", Error::out_of_range,
                 "t.toml:2:1: proxy.origins: \"http://localhost:6065\" names this machine, and a name never leads here; allowed: the "
                 "address, 127.0.0.1 or [::1]");
}

TEST(ConfigCheck, PlainHttpBeyondTheMachineWarns) {
  EXPECT_EQ(warnings_of("[proxy]\norigins = [\"http://127.0.0.1:80\", \"http://[::1]\", \"https://a.example\", \"http://b.example\"]\n"),
            (std::vector<std::string>{"proxy.origins http://b.example is plain HTTP beyond this machine: whoever is on the path reads and "
                                      "changes the answers; use https"}));
  EXPECT_TRUE(warnings_of("[proxy]\nenabled = false\norigins = [\"http://b.example\"]\n").empty());
  EXPECT_TRUE(parse_config("[proxy]\norigins = []\n", "t.toml"));
}

TEST(ConfigCheck, SimulatedSourcesWarn) {
  EXPECT_EQ(warnings_of("[[source]]\nid = \"sim\"\ntype = \"photon\"\n[[source]]\nid = \"r\"\ntype = \"replay\"\npath = \"x\"\n"),
            (std::vector<std::string>{"source sim is simulated (photon): every answer that it takes part in says so; not for keys",
                                      "source r is simulated (replay): every answer that it takes part in says so; not for keys"}));
}

TEST(ConfigCheck, NobodyListeningWarns) {
  EXPECT_EQ(warnings_of("[coaps]\nenabled = false\n[http]\nenabled = false\n[https]\nenabled = false\n"),
            (std::vector<std::string>{"coaps, coap, http and https are all off: nobody can reach this server over the network"}));
}

TEST(ConfigCheck, TheLocalSocketIsAnAbsolutePath) {
  expect_mistake("[local]\npath = \"run/e.sock\"\n", Error::malformed,
                 "t.toml:2:1: local.path: \"run/e.sock\" is no absolute path; allowed: a path such as /run/qeaas/entropy.sock");
  EXPECT_TRUE(parse_config("[local]\npath = \"/run/e.sock\"\n", "t.toml"));
  EXPECT_FALSE(parse_config("[local]\npath = \"/" + std::string(100, 'x') + "\"\n", "t.toml"));
  EXPECT_FALSE(parse_config("[local]\nmode = \"0777\"\n", "t.toml"));
  EXPECT_FALSE(parse_config("[local]\nmax_connections = 0\n", "t.toml"));
  expect_mistake(
      "[local]\ngroups = [\"kvm\"]\nmax_connections = 1\n", Error::out_of_range,
      "t.toml:3:1: local.max_connections: 1 leaves no place for members of local.groups, as one is kept for root and the server's "
      "user; allowed: at least 2 with groups");
  EXPECT_TRUE(parse_config("[local]\nmax_connections = 1\n", "t.toml"));
}

TEST(ConfigCheck, GroupsThatTheModeKeepsOutAreWorthAWarning) {
  const std::string advice = "; with \"0666\" the system lets everybody connect, and the server still serves only those whom it should";
  EXPECT_EQ(warnings_of("[local]\ngroups = [\"kvm\", \"users\"]\n"),
            (std::vector<std::string>{"local.mode 0660 keeps out members of all but the first of local.groups" + advice}));
  EXPECT_EQ(warnings_of("[local]\ngroups = [\"kvm\"]\nmode = \"0600\"\n"),
            (std::vector<std::string>{"local.mode 0600 keeps out members of local.groups" + advice}));
  EXPECT_TRUE(warnings_of("[local]\ngroups = [\"kvm\", \"users\"]\nmode = \"0666\"\n").empty());
  EXPECT_TRUE(warnings_of("[local]\nenabled = false\ngroups = [\"kvm\", \"users\"]\n").empty());
  EXPECT_TRUE(warnings_of("[local]\ngroups = [\"kvm\"]\n").empty());
}

}  // namespace
}  // namespace qeaas
