// SPDX-License-Identifier: GPL-3.0-or-later
// What is no CoAP message, and what the message layer is told to do about it (vectors/coap/reject.hex).
#include <gtest/gtest.h>

#include "wire/coap_message.hpp"
#include "wire/vectors_test.hpp"

namespace qeaas::coap {
namespace {

using test::bytes;

TEST(CoapReject, EveryVectorIsRejectedAsItSays) {
  const auto lines = test::vector_lines("coap/reject.hex");
  ASSERT_GT(lines.size(), 40u);
  for (const auto& line : lines) {
    const std::size_t space = line.find(' ');
    const auto action = line.substr(0, space) == "reset" ? Rejection::Action::reset : Rejection::Action::ignore;
    const auto seen = parse(bytes(line.substr(space + 1)));
    ASSERT_FALSE(seen.has_value()) << line;
    EXPECT_EQ(seen.error().action, action) << line;
  }
}

TEST(CoapReject, NamesTheMessageToReset) {
  EXPECT_EQ(parse(bytes("4f01beef")).error(), (Rejection{Rejection::Action::reset, 0xbeef, Error::malformed}));
}

TEST(CoapReject, AnotherVersionIsUnsupportedAndAShortOneMalformed) {
  EXPECT_EQ(parse(bytes("8001beef")).error().error, Error::unsupported);
  EXPECT_EQ(parse(bytes("40")).error().error, Error::malformed);
  EXPECT_EQ(parse({}).error().action, Rejection::Action::ignore);
}

TEST(CoapReject, EveryTruncationOfAMessageWithATokenAndOptionsIsHarmless) {
  // CON GET, token of 4, Uri-Path "random", Uri-Query "n=65536", a payload.
  const auto whole = bytes("44011234a1a2a3a4b672616e646f6d476e3d3635353336ff0102");
  ASSERT_TRUE(parse(whole).has_value());
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    accepted += parse(cut).has_value() ? 1 : 0;
  }
  // Only after the token, after each option, and within the payload does a prefix happen to be a message.
  EXPECT_EQ(accepted, 4u);
}

}  // namespace
}  // namespace qeaas::coap
