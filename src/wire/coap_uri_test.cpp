// SPDX-License-Identifier: GPL-3.0-or-later
// CoAP addresses: the examples of RFC 7252 6.3 and 6.5, and the refusals.
#include "wire/coap_uri.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

using Parts = std::vector<std::string>;

CoapUri parsed(std::string_view text) {
  auto uri = parse_coap_uri(text);
  EXPECT_TRUE(uri.has_value()) << text << ": " << (uri ? "" : uri.error().text);
  return uri.value_or(CoapUri{});
}

TEST(CoapUri, TheThreeFormsOfRfc7252Section63AreOne) {
  for (const auto* text :
       {"coap://example.com:5683/~sensors/temp.xml", "coap://EXAMPLE.com/%7Esensors/temp.xml", "coap://EXAMPLE.com:/%7esensors/temp.xml"})
    EXPECT_EQ(to_text(parsed(text)), "coap://example.com/~sensors/temp.xml") << text;
}

TEST(CoapUri, ReadsEveryPart) {
  const auto uri = parsed("coaps://Server.Example:7000/random/a%2Fb?n=64&t=a%26b");
  EXPECT_TRUE(uri.secure);
  EXPECT_EQ(uri.host, "server.example");
  EXPECT_EQ(uri.host_kind, HostKind::name);
  EXPECT_EQ(uri.port, 7000);
  EXPECT_EQ(uri.path, (Parts{"random", "a/b"}));
  EXPECT_EQ(uri.query, (Parts{"n=64", "t=a&b"}));
  EXPECT_EQ(to_text(uri), "coaps://server.example:7000/random/a%2Fb?n=64&t=a%26b");
}

TEST(CoapUri, KnowsAddressesFromNames) {
  EXPECT_EQ(parsed("coaps://127.0.0.1").host_kind, HostKind::ipv4);
  EXPECT_EQ(parsed("coaps://127.0.0.256").host_kind, HostKind::name);
  const auto uri = parsed("coap://[2001:DB8::1]:61616/");
  EXPECT_EQ(uri.host_kind, HostKind::ipv6);
  EXPECT_EQ(uri.host, "2001:db8::1");
  EXPECT_EQ(uri.port, 61616);
  EXPECT_EQ(to_text(uri), "coap://[2001:db8::1]:61616/");
}

TEST(CoapUri, HasTheDefaultPorts) {
  EXPECT_EQ(parsed("coaps://h").port, 5684);
  EXPECT_EQ(parsed("coap://h").port, 5683);
  EXPECT_EQ(parsed("COAPS://h:").port, 5684);
}

TEST(CoapUri, EmptySegmentsCountExceptTheOnlyOne) {
  EXPECT_EQ(parsed("coap://h").path, Parts{});
  EXPECT_EQ(parsed("coap://h/").path, Parts{});
  EXPECT_EQ(parsed("coap://h//").path, (Parts{"", ""}));
  EXPECT_EQ(parsed("coap://h/a/").path, (Parts{"a", ""}));
  EXPECT_EQ(parsed("coap://h?").query, (Parts{""}));
  EXPECT_EQ(parsed("coap://h?//&?&").query, (Parts{"//", "?", ""}));
}

TEST(CoapUri, ExampleWithUnicodeOfRfc7252Section65) {
  // coap://198.51.100.1:61616//%2F//?%2F%2F&?%26
  const auto uri = parsed("coap://198.51.100.1:61616//%2F//?%2F%2F&?%26");
  EXPECT_EQ(uri.path, (Parts{"", "/", "", ""}));
  EXPECT_EQ(uri.query, (Parts{"//", "?&"}));
  EXPECT_EQ(to_text(uri), "coap://198.51.100.1:61616//%2F//?//&?%26");
  EXPECT_EQ(parsed("coap://example.net/.well-known/core").path, (Parts{".well-known", "core"}));
  EXPECT_EQ(parsed("coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF").path,
            (Parts{"\xE3\x81\x93\xE3\x82\x93\xE3\x81\xAB\xE3\x81\xA1\xE3\x81\xAF"}));
}

TEST(CoapUri, RefusesWithTheReason) {
  const std::pair<std::string, Error> wrong[] = {{"127.0.0.1", Error::malformed},
                                                 {"http://h/", Error::unsupported},
                                                 {"coap+tcp://h/", Error::unsupported},
                                                 {"coaps://", Error::malformed},
                                                 {"coaps:///random", Error::malformed},
                                                 {"coaps://:5684/", Error::malformed},
                                                 {"coaps://h:0", Error::out_of_range},
                                                 {"coaps://h:65536", Error::out_of_range},
                                                 {"coaps://h:5a", Error::malformed},
                                                 {"coaps://h:-1", Error::malformed},
                                                 {"coaps://u@h/", Error::malformed},
                                                 {"coaps://h/#f", Error::malformed},
                                                 {"coaps://h/a b", Error::malformed},
                                                 {"coaps://h/\"", Error::malformed},
                                                 {"coaps://h/\xc3\xbc", Error::malformed},
                                                 {"coaps://h/%", Error::malformed},
                                                 {"coaps://h/%4", Error::malformed},
                                                 {"coaps://h/%zz", Error::malformed},
                                                 {"coaps://h/%ff", Error::malformed},
                                                 {"coaps://h?%ff", Error::malformed},
                                                 {"coaps://%00/", Error::malformed},
                                                 {"coaps://a%2fb/", Error::malformed},
                                                 {"coaps://[::1", Error::malformed},
                                                 {"coaps://[::g]/", Error::malformed},
                                                 {"coaps://[127.0.0.1]/", Error::malformed},
                                                 {"coaps://[::1]x/", Error::malformed},
                                                 {"coaps://::1/", Error::malformed},
                                                 {"coaps://h/" + std::string(256, 'a'), Error::out_of_range},
                                                 {"coaps://" + std::string(256, 'a'), Error::out_of_range}};
  for (const auto& [text, error] : wrong) {
    const auto uri = parse_coap_uri(text);
    ASSERT_FALSE(uri.has_value()) << text;
    EXPECT_EQ(uri.error().error, error) << text;
    EXPECT_NE(uri.error().text.find(text), std::string::npos) << text;
  }
}

TEST(CoapUri, PercentDecodingIsExact) {
  EXPECT_EQ(percent_decode("a%20%C3%bc"), "a \xC3\xBC");
  EXPECT_EQ(percent_decode(""), "");
  for (const auto* text : {"%", "%1", "a%g0", "%0g"}) EXPECT_EQ(percent_decode(text), fail(Error::malformed)) << text;
}

}  // namespace
}  // namespace qeaas
