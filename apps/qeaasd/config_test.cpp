// SPDX-License-Identifier: GPL-3.0-or-later
// Reading: every kind of mistake in one key, with its line, its column and its words; the search for the file.
#include "config_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace qeaas {
namespace {

TEST(Config, EmptyIsTheDefaults) {
  const auto config = parse_config("", "t.toml");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->server, ServerConfig{});
  EXPECT_EQ(config->coaps, CoapsConfig{});
  EXPECT_TRUE(config->sources.empty());
  EXPECT_TRUE(config->warnings.empty());
  EXPECT_EQ(config->origin, "t.toml");
}

TEST(Config, ReadsEveryTypeOfValue) {
  const auto config = parse_config(R"(
[server]
state = "/srv/qeaas"
workers = 4
[coaps]
pq_only = true
listen = ["0.0.0.0:5684", "[2001:db8::1]:1"]
[[source]]
id = "q"
type = "device"
path = "/dev/qrandom0"
kind = "quantum"
min_entropy = 7
sample_bits = 8
conditioned = false
timeout_seconds = 0.5
[[source]]
id = "p"
type = "process"
argv = ["/bin/x", "-v", "-v"]
)",
                                   "t.toml");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->server.state, "/srv/qeaas");
  EXPECT_EQ(config->server.workers, 4U);
  EXPECT_TRUE(config->coaps.pq_only);
  EXPECT_EQ(config->coaps.listen, (std::vector<std::string>{"0.0.0.0:5684", "[2001:db8::1]:1"}));
  ASSERT_EQ(config->sources.size(), 2U);
  SourceEntry expected;
  expected.id = "q";
  expected.type = "device";
  expected.path = "/dev/qrandom0";
  expected.kind = "quantum";
  expected.min_entropy = 7;
  expected.sample_bits = 8;
  expected.conditioned = false;
  expected.timeout_seconds = 0.5;
  EXPECT_EQ(config->sources[0], expected);
  EXPECT_EQ(config->sources[1].argv, (std::vector<std::string>{"/bin/x", "-v", "-v"}));  // the words of a command may repeat
  EXPECT_EQ(config->sources[1].seed, std::nullopt);
}

TEST(Config, WhatIsNoToml) {
  const auto outcome = parse_config("[server]\nworkers = = 4\n", "t.toml");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error, Error::malformed);
  EXPECT_EQ(outcome.error().text.rfind("t.toml:2:11: this is not TOML: ", 0), 0U) << outcome.error().text;
  const auto twice = parse_config("[server]\nworkers = 1\nworkers = 2\n", "t.toml");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().text.rfind("t.toml:3:", 0), 0U) << twice.error().text;
  EXPECT_FALSE(parse_config("a = \"\xff\"", "t.toml"));
}

TEST(Config, UnknownKeysSuggestTheNearest) {
  expect_mistake("[server]\n  worker = 4\n", Error::unknown, "t.toml:2:3: unknown key 'worker' in [server]; did you mean 'workers'?");
  expect_mistake("[server]\ncolour = 4\n", Error::unknown,
                 "t.toml:2:1: unknown key 'colour' in [server]; known keys: state, workers, log_level, log_format, drain_seconds");
  expect_mistake("[[source]]\nid = \"a\"\ntype = \"os\"\nsample_bit = 4\n", Error::unknown,
                 "t.toml:4:1: unknown key 'sample_bit' in [source]; did you mean 'sample_bits'?");
}

TEST(Config, AnAbsurdKeyStaysOnOneShortLine) {
  expect_mistake("[coap]\n\"a\\n\\u001b[2J\" = 1\n", Error::unknown,
                 "t.toml:2:1: unknown key 'a??[2J' in [coap]; known keys: enabled, listen");
  expect_mistake("[coap]\n\"" + std::string(63, 'k') + "\\u00e9" + std::string(1000, 'k') + "\" = 1\n", Error::unknown,
                 "t.toml:2:1: unknown key '" + std::string(63, 'k') + "...' in [coap]; known keys: enabled, listen");
  const auto split = parse_config("[coaps]\npq_only = t\n", "t.toml");  // the parser's own words end with a line end here
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().text.find('\n'), std::string::npos);
}

TEST(Config, UnknownSections) {
  expect_mistake("[coapss]\n", Error::unknown, "t.toml:1:2: unknown section 'coapss'; did you mean 'coaps'?");
  expect_mistake(
      "workers = 4\n", Error::unknown,
      "t.toml:1:1: unknown section 'workers'; known sections: server, service, source, coaps, coap, http, https, proxy, local, limits");
  expect_mistake("server = 4\n", Error::malformed, "t.toml:1:1: server is a section; write it as [server]");
  expect_mistake("[source]\nid = \"a\"\n", Error::malformed, "t.toml:1:1: source is a repeated section; write each as [[source]]");
  expect_mistake("source = [1]\n", Error::malformed, "t.toml:1:10: source is a repeated section; write each as [[source]]");
}

TEST(Config, IntegersOutOfRange) {
  expect_mistake("[server]\nworkers = 65\n", Error::out_of_range,
                 "t.toml:2:11: server.workers: 65 is out of range; allowed: an integer from 0 to 64 (threads)");
  expect_mistake("[server]\nworkers = -1\n", Error::out_of_range,
                 "t.toml:2:11: server.workers: -1 is out of range; allowed: an integer from 0 to 64 (threads)");
  expect_mistake("[coaps]\nmtu = 575\n", Error::out_of_range,
                 "t.toml:2:7: coaps.mtu: 575 is out of range; allowed: an integer from 576 to 16384 (bytes)");
  expect_mistake("[coaps]\nmtu = 1.5\n", Error::malformed,
                 "t.toml:2:7: coaps.mtu: this is not an integer; allowed: an integer from 576 to 16384 (bytes)");
  expect_mistake("[coaps]\nmtu = \"1280\"\n", Error::malformed,
                 "t.toml:2:7: coaps.mtu: this is not an integer; allowed: an integer from 576 to 16384 (bytes)");
  EXPECT_TRUE(parse_config("[coaps]\nmtu = 576\n[server]\nworkers = 64", "t.toml"));
  EXPECT_TRUE(parse_config("[coaps]\nmtu = 16384\n", "t.toml"));
}

TEST(Config, NumbersOutOfRange) {
  const std::string head = "[[source]]\nid = \"a\"\ntype = \"jitter\"\n";
  const std::string allowed = "allowed: a number from 0.000001 to 8 (bits per sample)";
  expect_mistake(head + "min_entropy = 8.5\n", Error::out_of_range, "t.toml:4:15: source.min_entropy: this is out of range; " + allowed);
  expect_mistake(head + "min_entropy = nan\n", Error::out_of_range, "t.toml:4:15: source.min_entropy: this is out of range; " + allowed);
  expect_mistake(head + "min_entropy = true\n", Error::malformed, "t.toml:4:15: source.min_entropy: this is not a number; " + allowed);
}

TEST(Config, BooleansAndTexts) {
  expect_mistake("[coaps]\ntickets = 1\n", Error::malformed,
                 "t.toml:2:11: coaps.tickets: this is not true or false; allowed: true or false");
  expect_mistake("[server]\nstate = 1\n", Error::malformed,
                 "t.toml:2:9: server.state: this is not a text in quotes; allowed: text of 0 to 4096 bytes");
  expect_mistake("[server]\nstate = \"a\\u0000b\"\n", Error::malformed,
                 "t.toml:2:9: server.state: this contains a control character; allowed: text of 0 to 4096 bytes");
  expect_mistake("[server]\nstate = \"" + std::string(4097, 'x') + "\"\n", Error::out_of_range,
                 "t.toml:2:9: server.state: a text of 4097 bytes is out of range; allowed: text of 0 to 4096 bytes");
  expect_mistake(
      "[service]\npolicy = \"combined\"\n", Error::unknown,
      "t.toml:2:10: service.policy: \"combined\" is unknown (did you mean \"combine\"?); allowed: one of combine, least_loaded, failover");
  expect_mistake("[server]\nlog_level = \"\"\n", Error::unknown,
                 "t.toml:2:13: server.log_level: \"\" is unknown; allowed: one of debug, info, warning, error");
}

TEST(Config, Lists) {
  const std::string groups =
      "allowed: a list of 1 to 8 different of MLKEM512, MLKEM768, MLKEM1024, X25519MLKEM768, SecP256r1MLKEM768, P-256, P-384, X25519";
  const std::string listen = "allowed: a list of 1 to 16 different addresses like \"127.0.0.1:5684\" or \"[::1]:5684\"";
  expect_mistake("[coaps]\ngroups = \"P-256\"\n", Error::malformed, "t.toml:2:10: coaps.groups: this is not a list; " + groups);
  expect_mistake("[coaps]\ngroups = []\n", Error::out_of_range, "t.toml:2:10: coaps.groups: a list of 0 is out of range; " + groups);
  expect_mistake("[coaps]\ngroups = [\"P-256\", 3]\n", Error::malformed,
                 "t.toml:2:20: coaps.groups: this is not a text in quotes; " + groups);
  expect_mistake("[coaps]\ngroups = [\"P256\"]\n", Error::unknown,
                 "t.toml:2:11: coaps.groups: \"P256\" is unknown (did you mean \"P-256\"?); " + groups);
  expect_mistake("[coaps]\ngroups = [\"P-256\", \"P-256\"]\n", Error::out_of_range,
                 "t.toml:2:20: coaps.groups: \"P-256\" stands here twice; " + groups);
  expect_mistake("[coap]\nlisten = [\"localhost:5683\"]\n", Error::malformed,
                 "t.toml:2:11: coap.listen: \"localhost:5683\" is no address and port; " + listen);
  const std::string origins =
      "allowed: a list of 0 to 64 different origins like \"http://127.0.0.1:6065\" or \"https://example.org\", without a path";
  for (const std::string text :
       {"127.0.0.1:6065", "http://127.0.0.1:6065/", "http://2130706433", "http://user@example.org", "ftp://example.org", "*"})
    expect_mistake("[proxy]\norigins = [\"" + text + "\"]\n", Error::malformed,
                   "t.toml:2:12: proxy.origins: \"" + text + "\" is no origin; " + origins);
  const auto long_word = "[[source]]\nid = \"a\"\ntype = \"process\"\nargv = [\"" + std::string(4097, 'x') + "\"]\n";
  expect_mistake(long_word, Error::out_of_range, "t.toml:4:9: source.argv: this is too long; allowed: a list of 1 to 64 texts");
}

TEST(Config, EveryMistakeIsReportedInTheOrderOfTheFile) {
  expect_mistake("[server]\nworkers = 999\nlog_levl = \"info\"\n[coaps]\nenabled = 3\n", Error::out_of_range,
                 "t.toml:2:11: server.workers: 999 is out of range; allowed: an integer from 0 to 64 (threads)\n"
                 "t.toml:3:1: unknown key 'log_levl' in [server]; did you mean 'log_level'?\n"
                 "t.toml:5:11: coaps.enabled: this is not true or false; allowed: true or false");
  std::string many = "[server]\n";
  for (int i = 0; i < 25; ++i) many += "zzzzzz" + std::to_string(i) + " = 1\n";
  const auto outcome = parse_config(many, "t.toml");
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().text.find("\nt.toml: and 5 more"), std::string::npos);
}

TEST(Config, Listen) {
  const auto v4 = parse_listen("127.9.9.9:5684");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "127.9.9.9");
  EXPECT_EQ(v4->port, 5684);
  EXPECT_TRUE(v4->loopback);
  EXPECT_FALSE(v4->ipv6);
  const auto v6 = parse_listen("[::1]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_TRUE(v6->ipv6 && v6->loopback);
  EXPECT_FALSE(parse_listen("[::]:1")->loopback);
  EXPECT_FALSE(parse_listen("0.0.0.0:1")->loopback);
  for (const auto* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:5684x", "127.1:1", "::1:5684",
                           "[::1]", "[127.0.0.1]:1", "[]:1", "[:1", "localhost:1", "[::1%lo]:1"}) {
    EXPECT_EQ(parse_listen(text), tl::make_unexpected(Error::malformed)) << text;
  }
}

class ConfigSearch : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "qeaas-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    ::setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("XDG_CONFIG_HOME");
    std::filesystem::remove_all(folder_);
  }
  void put(const std::string& text) const {
    std::filesystem::create_directories(folder_ / "qeaas");
    std::ofstream(folder_ / "qeaas/qeaasd.toml") << text;
  }
  std::filesystem::path folder_;
};

TEST_F(ConfigSearch, TheArgumentWinsAndMustExist) {
  put("");
  EXPECT_EQ(config_path("/x/y.toml"), "/x/y.toml");
  const auto outcome = find_config((folder_ / "missing.toml").string());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error, Error::not_found);
  EXPECT_NE(outcome.error().text.find("missing.toml"), std::string::npos);
}

TEST_F(ConfigSearch, TheUsersFileComesFirst) {
  put("[server]\nworkers = 3\n");
  const auto config = find_config("");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->server.workers, 3U);
  EXPECT_EQ(config->origin, (folder_ / "qeaas/qeaasd.toml").string());
}

TEST_F(ConfigSearch, WithoutTheUsersFileTheSystemsOrNone) {
  const bool system = std::filesystem::exists("/etc/qeaas/qeaasd.toml");
  EXPECT_EQ(config_path(""), system ? "/etc/qeaas/qeaasd.toml" : "");
  if (!system) {
    EXPECT_EQ(find_config("")->origin, "built-in defaults");
  }
}

TEST_F(ConfigSearch, WithoutXdgTheHomeFolderIsSearched) {
  put("");
  std::filesystem::create_directories(folder_ / ".config");
  std::filesystem::rename(folder_ / "qeaas", folder_ / ".config/qeaas");
  const char* home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  ::setenv("XDG_CONFIG_HOME", "relative", 1);  // the specification says: ignored
  ::setenv("HOME", folder_.c_str(), 1);
  EXPECT_EQ(config_path(""), folder_ / ".config/qeaas/qeaasd.toml");
  ::setenv("HOME", before.c_str(), 1);
}

TEST_F(ConfigSearch, AFaultNamesTheFile) {
  put("\n\n x = 1\n");
  const auto outcome = find_config("");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().text.rfind((folder_ / "qeaas/qeaasd.toml").string() + ":3:2: unknown section 'x'", 0), 0U)
      << outcome.error().text;
}

}  // namespace
}  // namespace qeaas
