// SPDX-License-Identifier: GPL-3.0-or-later
// Every key, what is wrong with values, and keys that do not belong together.
#include "settings.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace qeaas::provider {
namespace {

Outcome<Settings> read(std::vector<Given> given) { return read_settings(given); }

TEST(ProviderSettings, NothingSetIsTheLocalSocketAndNoFallBack) {
  const auto settings = read({});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->origin, Origin::socket);
  EXPECT_EQ(settings->socket, "/run/qeaas/entropy.sock");
  EXPECT_EQ(settings->type, EntropyType::mixed);
  EXPECT_FALSE(settings->fall_back);
  EXPECT_EQ(settings->timeout, std::chrono::seconds(2));
  EXPECT_EQ(settings->buffer_bytes, 4096U);
}

TEST(ProviderSettings, EveryKeyIsRead) {
  const auto socket = read({{"socket", "/a"}, {"type", "direct"}, {"fallback", "os"}, {"timeout", "60000"}, {"buffer", "0"}});
  ASSERT_TRUE(socket) << socket.error().text;
  EXPECT_EQ(socket->socket, "/a");
  EXPECT_EQ(socket->type, EntropyType::direct);
  EXPECT_TRUE(socket->fall_back);
  EXPECT_EQ(socket->timeout, std::chrono::minutes(1));
  EXPECT_EQ(socket->buffer_bytes, 0U);
  const auto device = read({{"source", "device"}, {"device", "/dev/qrandom0"}, {"fallback", "none"}});
  ASSERT_TRUE(device) << device.error().text;
  EXPECT_EQ(device->device, "/dev/qrandom0");
  const auto server = read({{"source", "server"},
                            {"server", "coaps://h"},
                            {"ca", "/ca.pem"},
                            {"psk", "a:/k"},
                            {"groups", "MLKEM512"},
                            {"signatures", "ML-DSA-87"},
                            {"type", "drbg"}});
  ASSERT_TRUE(server) << server.error().text;
  EXPECT_EQ(server->server, "coaps://h");
  EXPECT_EQ(server->ca, "/ca.pem");
  EXPECT_EQ(server->psk, "a:/k");
  EXPECT_EQ(server->groups, "MLKEM512");
  EXPECT_EQ(server->signatures, "ML-DSA-87");
}

TEST(ProviderSettings, WhatIsWrongNamesTheKeyAndWhatIsRight) {
  struct Wrong {
    std::vector<Given> given;
    Error error;
    std::string_view text;
  };
  const std::string long_path = "/" + std::string(107, 'a');
  const std::vector<Wrong> cases{
      {{{"source", "sockets"}}, Error::unknown, "source = sockets: write socket, device or server"},
      {{{"socket", "run/a"}}, Error::malformed, "begins with /"},
      {{{"socket", ""}}, Error::malformed, "begins with /"},
      {{{"socket", long_path}}, Error::too_large, "longer than 107 bytes"},
      {{{"type", "best"}}, Error::unknown, "direct, mixed or drbg"},
      {{{"fallback", "yes"}}, Error::unknown, "none or os"},
      {{{"timeout", "0"}}, Error::out_of_range, "1 to 60000 milliseconds"},
      {{{"timeout", "2s"}}, Error::malformed, "1 to 60000 milliseconds"},
      {{{"buffer", "65537"}}, Error::out_of_range, "0 to 65536 bytes"},
      {{{"source", "device"}}, Error::malformed, "device = /dev/qrandom0"},
      {{{"source", "server"}}, Error::malformed, "server = coaps://"},
      {{{"source", "server"}, {"server", ""}}, Error::malformed, "give a value"},
      {{{"device", "/dev/qrandom0"}}, Error::refused, "no meaning with source = socket"},
      {{{"source", "device"}, {"device", "/dev/a"}, {"type", "direct"}}, Error::refused, "no meaning with source = device"},
      {{{"source", "server"}, {"server", "coaps://h"}, {"socket", "/a"}}, Error::refused, "no meaning with source = server"},
  };
  for (const auto& wrong : cases) {
    const auto settings = read_settings(wrong.given);
    ASSERT_FALSE(settings) << wrong.text;
    EXPECT_EQ(settings.error().error, wrong.error) << settings.error().text;
    EXPECT_NE(settings.error().text.find(wrong.text), std::string::npos) << settings.error().text;
  }
}

}  // namespace
}  // namespace qeaas::provider
