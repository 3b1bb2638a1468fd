// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/address.hpp"

#include <gtest/gtest.h>

namespace qeaas {

TEST(Address, TextGoesBothWays) {
  for (const std::string text : {"127.0.0.1:5684", "[::1]:5684", "[2001:db8::7]:1"}) EXPECT_EQ(Address::parse(text).value().text(), text);
}

TEST(Address, MalformedTextIsRefused) {
  for (const std::string text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:5684", "host:1", "[::1:1", "1.2.3.4:5x", "[]:1"})
    EXPECT_EQ(Address::parse(text).error(), Error::malformed) << text;
}

TEST(Address, EqualityAndHash) {
  const auto a = Address::parse("10.0.0.1:1").value();
  const auto b = Address::parse("10.0.0.1:2").value();
  EXPECT_EQ(a, Address::parse("10.0.0.1:1").value());
  EXPECT_EQ(a.hash(), Address::parse("10.0.0.1:1").value().hash());
  EXPECT_FALSE(a == b);
  EXPECT_NE(a.hash(), b.hash());
  EXPECT_FALSE(a == Address::parse("[::1]:1").value());
  EXPECT_EQ(a.network(), b.network()) << "the port does not count";
  EXPECT_EQ(Address::parse("[2001:db8::1]:1")->network(), Address::parse("[2001:db8::2]:1")->network()) << "one /64";
  EXPECT_NE(Address::parse("[2001:db8:0:1::1]:1")->network(), Address::parse("[2001:db8::2]:1")->network());
}

TEST(Address, Properties) {
  EXPECT_TRUE(Address::parse("127.9.9.9:1")->loopback());
  EXPECT_TRUE(Address::parse("[::1]:1")->loopback());
  EXPECT_FALSE(Address::parse("10.0.0.1:1")->loopback());
  EXPECT_TRUE(Address::parse("0.0.0.0:1")->wildcard());
  EXPECT_TRUE(Address::parse("[::]:1")->wildcard());
  std::array<std::uint8_t, 18> bytes{};
  EXPECT_EQ(Address::parse("1.2.3.4:258")->bytes(bytes), 6U);
  EXPECT_EQ(bytes[3], 4);
  EXPECT_EQ(bytes[4] * 256 + bytes[5], 258);
  const sockaddr wrong{AF_UNIX, {}};
  EXPECT_EQ(Address::from_socket(&wrong, sizeof(wrong)).error(), Error::unsupported);
}

}  // namespace qeaas
