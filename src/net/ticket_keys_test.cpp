// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/ticket_keys.hpp"

#include <gtest/gtest.h>
#include <vector>

#include "crypto/random.hpp"

namespace qeaas {
namespace {

struct Ticket {
  std::array<std::uint8_t, TicketKeys::kNameBytes> name{};
  std::array<std::uint8_t, TicketKeys::kNonceFieldBytes> nonce{};
  std::array<std::uint8_t, TicketKeys::kMacFieldBytes> mac{};
  std::vector<std::uint8_t> body = std::vector<std::uint8_t>(100, 0x5a);
  TicketKeys::Fields fields() { return {name, nonce, mac}; }
};

class TicketKeysTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(initialise_crypto(os_seed)); }
  TimePoint now_{};
  TicketKeys keys_{1h, 2h};
};

TEST_F(TicketKeysTest, RoundTripCarriesTheIdentity) {
  Ticket ticket;
  const auto plain = ticket.body;
  ASSERT_TRUE(keys_.seal(Transport::datagram, 0x123456789abcdef0, ticket.fields(), ticket.body, now_));
  EXPECT_NE(ticket.body, plain);
  EXPECT_EQ(keys_.open(Transport::datagram, ticket.fields(), ticket.body, now_).value(), 0x123456789abcdef0U);
  EXPECT_EQ(ticket.body, plain);
}

TEST_F(TicketKeysTest, NoncesNeverRepeat) {
  Ticket a;
  Ticket b;
  ASSERT_TRUE(keys_.seal(Transport::datagram, 1, a.fields(), a.body, now_));
  ASSERT_TRUE(keys_.seal(Transport::datagram, 1, b.fields(), b.body, now_));
  EXPECT_EQ(a.name, b.name);
  EXPECT_NE(a.nonce, b.nonce);
}

TEST_F(TicketKeysTest, AnOldKeyOpensUntilItsTicketsHaveExpired) {
  Ticket ticket;
  ASSERT_TRUE(keys_.seal(Transport::datagram, 7, ticket.fields(), ticket.body, now_));
  Ticket newer;
  ASSERT_TRUE(keys_.seal(Transport::datagram, 7, newer.fields(), newer.body, now_ + 61min));
  EXPECT_NE(newer.name, ticket.name) << "rotated";
  auto copy = ticket;
  EXPECT_EQ(keys_.open(Transport::datagram, copy.fields(), copy.body, now_ + 179min).value(), 7U);
  EXPECT_EQ(keys_.open(Transport::datagram, ticket.fields(), ticket.body, now_ + 180min).error(), Error::not_found);
}

TEST_F(TicketKeysTest, EveryFieldIsAuthenticated) {
  Ticket good;
  ASSERT_TRUE(keys_.seal(Transport::datagram, 7, good.fields(), good.body, now_));
  for (int field = 0; field < 4; ++field) {
    auto bad = good;
    if (field == 0) bad.body[3] ^= 1;
    if (field == 1) bad.nonce[5] ^= 1;
    if (field == 2) bad.mac[0] ^= 1;
    if (field == 3) bad.mac[20] ^= 1;  // the identity
    EXPECT_EQ(keys_.open(Transport::datagram, bad.fields(), bad.body, now_).error(), Error::tampered) << field;
  }
}

TEST_F(TicketKeysTest, ATicketOfOneTransportDoesNotOpenOnTheOther) {
  Ticket ticket;
  ASSERT_TRUE(keys_.seal(Transport::datagram, 7, ticket.fields(), ticket.body, now_));
  auto copy = ticket;
  EXPECT_EQ(keys_.open(Transport::stream, copy.fields(), copy.body, now_).error(), Error::tampered);
  EXPECT_EQ(keys_.open(Transport::datagram, ticket.fields(), ticket.body, now_).value(), 7U);
}

TEST_F(TicketKeysTest, LimitsAndMissingSeed) {
  Ticket ticket;
  ticket.body.resize(TicketKeys::kMaxTicketBytes + 1);
  EXPECT_EQ(keys_.seal(Transport::datagram, 1, ticket.fields(), ticket.body, now_).error(), Error::too_large);
  EXPECT_EQ(keys_.open(Transport::datagram, ticket.fields(), ticket.body, now_).error(), Error::too_large);
  ASSERT_TRUE(initialise_crypto([](MutableBytes) noexcept { return Status(fail(Error::starved)); }));
  ticket.body.resize(10);
  EXPECT_EQ(keys_.seal(Transport::datagram, 1, ticket.fields(), ticket.body, now_).error(), Error::crypto);
  ASSERT_TRUE(initialise_crypto(os_seed));
}

}  // namespace
}  // namespace qeaas
