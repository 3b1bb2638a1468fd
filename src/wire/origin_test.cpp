// SPDX-License-Identifier: GPL-3.0-or-later
// Which addresses are understood, in which one spelling, and which of them a proxy may connect to. The list of forms that lead a lenient
// parser to a forbidden place (SSRF) is here.
#include "wire/origin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>

namespace qeaas {
namespace {

std::vector<std::uint8_t> address(const std::string& text) {
  std::vector<std::uint8_t> bytes(text.find(':') == std::string::npos ? 4 : 16);
  EXPECT_EQ(::inet_pton(bytes.size() == 4 ? AF_INET : AF_INET6, text.c_str(), bytes.data()), 1) << text;
  return bytes;
}

Origin origin(std::string_view text) {
  const auto parsed = parse_origin(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Origin{});
}

TEST(HttpUriTest, NormalForm) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"http://127.0.0.1:6065/random_number/8", "http://127.0.0.1:6065/random_number/8"},
      {"HTTP://Example.ORG", "http://example.org/"},
      {"http://example.org:80/a", "http://example.org/a"},
      {"https://example.org:443?a=b", "https://example.org/?a=b"},
      {"https://example.org:80/", "https://example.org:80/"},
      {"http://[0:0:0:0:0:0:0:1]:8080/x?y=%2F&z", "http://[::1]:8080/x?y=%2F&z"},
      {"http://[::FFFF:7f00:1]/", "http://[::ffff:127.0.0.1]/"},
      {"http://xn--bcher-kva.example/a//b/;p=1,2!$'()*+@:~", "http://xn--bcher-kva.example/a//b/;p=1,2!$'()*+@:~"},
      {"http://1.2.3.4.example/", "http://1.2.3.4.example/"},
      {"http://my_host-1/", "http://my_host-1/"},
  };
  for (const auto& [given, normal] : cases) {
    const auto uri = parse_http_uri(given);
    ASSERT_TRUE(uri.has_value()) << given;
    EXPECT_EQ(to_text(*uri), normal);
    EXPECT_EQ(parse_http_uri(normal), uri) << "the normal form is stable";
  }
}

TEST(HttpUriTest, OtherSchemesAreUnsupported) {
  for (const auto* text :
       {"file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "ftp://example.org/", "coap://example.org/", "dict://127.0.0.1:11211/",
        "ldap://127.0.0.1/", "httpx://example.org/", "javascript:alert(1)", "data:,x", "unix:/run/x"})
    EXPECT_EQ(parse_http_uri(text).error(), Error::unsupported) << text;
}

TEST(HttpUriTest, WhatParsersDisagreeAboutIsMalformed) {
  const std::string_view cases[] = {
      "",
      "http",
      "http:",
      "http:/",
      "http://",
      "http:///path",
      "//example.org/",
      "/path",
      "example.org",
      ":http://a/",
      " http://example.org/",
      "http//example.org",
      "1http://example.org/",
      // User info, also where it hides the host.
      "http://user@example.org/",
      "http://user:pass@example.org/",
      "http://127.0.0.1:6065@evil.example/",
      "http://@example.org/",
      "http://example.org\\@127.0.0.1/",
      "http://example.org%40127.0.0.1/",
      // Fragments.
      "http://example.org/#x",
      "http://example.org#@127.0.0.1/",
      "http://127.0.0.1:6065#.example.org/",
      // Control characters, spaces and what is in no address.
      "http://example.org/a b",
      "http://example.org/\r\nHost: x",
      "http://example.org/\t",
      "http://exa\nmple.org/",
      std::string_view("http://a\0b/", 11),
      "http://example.org/\x7f",
      "http://example.org/\xc3\xa9",
      "http://ex\xc3\xa4mple.org/",
      "http://example.org/<x>",
      "http://example.org/\"",
      "http://example.org/a\\b",
      "http://example.org/{}",
      "http://example.org/^",
      "http://example.org/`",
      "http://example.org/|",
      // Foreign escapes.
      "http://example.org/%",
      "http://example.org/%4",
      "http://example.org/%zz",
      "http://example.org/?%g0",
      // IPv4 addresses that are not four decimal numbers.
      "http://2130706433/",
      "http://0x7f000001/",
      "http://0x7f.1/",
      "http://127.1/",
      "http://127.0.1/",
      "http://0177.0.0.1/",
      "http://127.0.0.01/",
      "http://127.0.0.1./",
      "http://256.0.0.1/",
      "http://1.2.3.4.5/",
      "http://127.0.0.0x1/",
      "http://0/",
      "http://0x/",
      "http://example.0x7f/",
      "http://1e3.7/",
      "http://127.0.0.1%2e/",
      "http://%31%32%37.0.0.1/",
      "http://\xef\xbc\x91.0.0.1/",
      // IPv6.
      "http://[::1/",
      "http://::1/",
      "http://[]/",
      "http://[::g]/",
      "http://[fe80::1%25eth0]/",
      "http://[fe80::1%eth0]/",
      "http://[::1]x/",
      "http://[::1]:/",
      "http://[127.0.0.1]/",
      "http://[v1.x]/",
      "http://[::1]]/",
      // Names.
      "http://.example.org/",
      "http://example..org/",
      "http://example.org./",
      "http://localhost./",
      "http://-a.example/",
      "http://a-.example/",
      "http://exa$mple/",
      "http://a,b/",
      "http://*/",
      "http://exam%70le.org/",
      // Ports.
      "http://example.org:/",
      "http://example.org:0/",
      "http://example.org:080/",
      "http://example.org:65536/",
      "http://example.org:+80/",
      "http://example.org:-1/",
      "http://example.org:80a/",
      "http://example.org:80:80/",
      "http://example.org:123456/",
      "http://:80/",
  };
  for (const auto text : cases) {
    const auto uri = parse_http_uri(text);
    ASSERT_FALSE(uri.has_value()) << text;
    EXPECT_EQ(uri.error(), Error::malformed) << text;
  }
}

TEST(HttpUriTest, LengthIsBounded) {
  const std::string start = "http://example.org/";
  EXPECT_TRUE(parse_http_uri(start + std::string(kMaxHttpUriBytes - start.size(), 'a')));
  EXPECT_EQ(parse_http_uri(start + std::string(kMaxHttpUriBytes - start.size() + 1, 'a')).error(), Error::too_large);
  EXPECT_TRUE(parse_http_uri("http://" + std::string(63, 'a') + "/"));
  EXPECT_EQ(parse_http_uri("http://" + std::string(64, 'a') + "/").error(), Error::malformed);
  std::string host;
  for (int i = 0; i < 127; ++i) host += "a.";
  EXPECT_EQ(parse_http_uri("http://" + host + "a/").error(), Error::malformed);
}

TEST(OriginTest, IsSchemeHostAndPortOnly) {
  EXPECT_EQ(origin("http://127.0.0.1:6065"), (Origin{false, "127.0.0.1", OriginHost::ipv4, 6065}));
  EXPECT_EQ(origin("https://Example.org"), (Origin{true, "example.org", OriginHost::name, 443}));
  EXPECT_EQ(to_text(origin("https://[2001:DB8::1]:8443")), "https://[2001:db8::1]:8443");
  for (const auto* text :
       {"http://example.org/", "http://example.org/path", "http://example.org?q", "http://user@example.org", "127.0.0.1:80"})
    EXPECT_EQ(parse_origin(text).error(), Error::malformed) << text;
  EXPECT_EQ(parse_origin("ftp://example.org").error(), Error::unsupported);
}

TEST(OriginTest, TheListIsExact) {
  const OriginList list({origin("http://127.0.0.1:6065"), origin("https://example.org")});
  for (const auto* text : {"http://127.0.0.1:6065/x", "https://EXAMPLE.org:443/x?y"})
    EXPECT_TRUE(list.contains(parse_http_uri(text)->origin)) << text;
  for (const auto* text : {"http://127.0.0.1/", "https://127.0.0.1:6065/", "http://127.0.0.2:6065/", "http://127.0.0.1:6066/",
                           "http://localhost:6065/", "http://[::1]:6065/", "http://[::ffff:127.0.0.1]:6065/", "http://[::127.0.0.1]:6065/",
                           "http://169.254.169.254/", "http://0.0.0.0:6065/", "http://example.org/", "https://www.example.org/",
                           "https://example.org.evil.example/", "https://example.org:444/", "http://127.0.0.1.example.org:6065/"})
    EXPECT_FALSE(list.contains(parse_http_uri(text)->origin)) << text;
  EXPECT_TRUE(OriginList().empty());
  EXPECT_FALSE(OriginList().contains(origin("http://127.0.0.1:6065")));
}

TEST(OriginTest, SpecialAddresses) {
  for (const auto* text : {"0.0.0.0",     "0.1.2.3",         "10.0.0.1",         "10.255.255.255", "100.64.0.1",      "100.127.255.255",
                           "127.0.0.1",   "127.255.255.254", "169.254.169.254",  "172.16.0.1",     "172.31.255.255",  "192.0.0.8",
                           "192.0.2.1",   "192.88.99.1",     "192.168.0.1",      "198.18.0.1",     "198.19.255.255",  "198.51.100.1",
                           "203.0.113.1", "224.0.0.1",       "239.255.255.255",  "240.0.0.1",      "255.255.255.255", "::",
                           "::1",         "::127.0.0.1",     "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1",
                           "100::1",      "2001::1",         "2001:10::1",       "2001:1ff::1",    "2001:db8::1",     "2002:7f00:1::",
                           "3fff::1",     "3fff:fff::1",     "5f00::1",          "fc00::1",        "fdff::1",         "fe80::1",
                           "fec0::1",     "ff02::1"})
    EXPECT_TRUE(is_special_address(address(text))) << text;
  for (const auto* text : {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255", "100.128.0.0",
                           "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255", "172.32.0.0",
                           "192.0.1.0",       "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",     "223.255.255.255",
                           "2001:200::1",     "2001:db9::1",     "2003::1",         "2606:4700::1",   "3ffe::1",        "2600::"})
    EXPECT_FALSE(is_special_address(address(text))) << text;
  EXPECT_TRUE(is_special_address({}));
  EXPECT_TRUE(is_special_address(std::array<std::uint8_t, 5>{8, 8, 8, 8, 8}));
}

TEST(OriginTest, ANameNeverLeadsToASpecialAddress) {
  const auto name = origin("http://example.org:8080");
  EXPECT_TRUE(may_connect(name, address("8.8.8.8"), 8080));
  EXPECT_TRUE(may_connect(name, address("2606:4700::1"), 8080));
  EXPECT_FALSE(may_connect(name, address("8.8.8.8"), 80));
  for (const auto* text : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:8.8.8.8"})
    EXPECT_FALSE(may_connect(name, address(text), 8080)) << text;
}

TEST(OriginTest, ALiteralIsExactlyThatAddress) {
  EXPECT_TRUE(may_connect(origin("http://127.0.0.1:6065"), address("127.0.0.1"), 6065));
  EXPECT_FALSE(may_connect(origin("http://127.0.0.1:6065"), address("127.0.0.2"), 6065));
  EXPECT_FALSE(may_connect(origin("http://127.0.0.1:6065"), address("::ffff:127.0.0.1"), 6065));
  EXPECT_FALSE(may_connect(origin("http://127.0.0.1:6065"), address("8.8.8.8"), 6065));
  EXPECT_TRUE(may_connect(origin("https://[fe80::1]"), address("fe80::1"), 443));
  EXPECT_FALSE(may_connect(origin("https://[fe80::1]"), address("fe80::2"), 443));
  EXPECT_TRUE(may_connect(origin("http://[::ffff:127.0.0.1]"), address("::ffff:127.0.0.1"), 80));
}

TEST(OriginTest, NamesOfThisMachine) {
  EXPECT_TRUE(stands_for_this_machine("localhost"));
  EXPECT_TRUE(stands_for_this_machine("a.localhost"));
  EXPECT_FALSE(stands_for_this_machine("localhost.example.org"));
}

TEST(HttpUriTest, FromParts) {
  using Parts = std::vector<std::string_view>;
  const auto made = [](std::string_view scheme, std::string_view host, std::uint32_t port, const Parts& path, const Parts& query) {
    const auto uri = make_http_uri(scheme, host, port, path, query);
    return uri ? to_text(*uri) : std::string(name(uri.error()));
  };
  EXPECT_EQ(made("http", "127.0.0.1", 6065, {"random_number", "8"}, {}), "http://127.0.0.1:6065/random_number/8");
  EXPECT_EQ(made("https", "Example.org", 0, {}, {}), "https://example.org/");
  EXPECT_EQ(made("http", "[::1]", 8080, {"a"}, {"b=c", "d"}), "http://[::1]:8080/a?b=c&d");
  EXPECT_EQ(made("http", "::1", 0, {}, {"q"}), "http://[::1]/?q");
  EXPECT_EQ(made("http", "a", 0, {"x/y", "z w", "%", "\xc3\xa9", ""}, {"a&b=c", "d?/"}), "http://a/x%2Fy/z%20w/%25/%C3%A9/?a%26b=c&d?/");
  EXPECT_EQ(made("ftp", "a", 0, {}, {}), "unsupported");
  for (const std::string_view host :
       {"", "a/b", "a?b", "a#b", "a@b", "u:p@b", "a\\b", "[::1]:80", "[::1", "a:80", "a b", "%61", "0x7f.1", "a.."})
    EXPECT_EQ(made("http", host, 0, {}, {}), "malformed") << host;
  EXPECT_EQ(made("http", "a", 65536, {}, {}), "malformed");
  EXPECT_EQ(made("http", "a", 0, {"..", "b"}, {}), "malformed");
  const std::string long_segment(255, 'a');
  EXPECT_EQ(made("http", "a", 0, Parts(9, long_segment), {}), "too_large");
}

}  // namespace
}  // namespace qeaas
