// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of /random: what is accepted, and that each refusal names its parameter.
#include "wire/random_query.hpp"

#include <gtest/gtest.h>

#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

TEST(RandomQuery, HasTheDocumentedDefaults) {
  const auto query = parse_random_query("");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->bytes, 32u);
  EXPECT_EQ(query->type, EntropyType::mixed);
  EXPECT_FALSE(query->every_seconds.has_value());
}

TEST(RandomQuery, ReadsEveryParameterAtItsBounds) {
  EXPECT_EQ(parse_random_query("n=1&t=direct&every=1"), (RandomQuery{1, EntropyType::direct, 1}));
  EXPECT_EQ(parse_random_query("every=86400&t=drbg&n=65536"), (RandomQuery{65536, EntropyType::drbg, 86400}));
  EXPECT_EQ(parse_random_query("n=0064"), (RandomQuery{64, EntropyType::mixed, {}}));
}

TEST(RandomQuery, ReadsTheOptionsOfARequest) {
  // Uri-Path "random", Uri-Query "n=64", Uri-Query "t=drbg", Accept 60.
  const auto datagram = test::bytes("40011234b672616e646f6d446e3d363406743d64726267213c");
  const auto message = coap::parse(datagram);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(parse_random_query(message->options), (RandomQuery{64, EntropyType::drbg, {}}));
}

TEST(RandomQuery, OptionsWithAFaultAreRefusedToo) {
  const auto datagram = test::bytes("40011234b672616e646f6d446e3d363403783d31");
  const auto message = coap::parse(datagram);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(parse_random_query(message->options).error().error, Error::unknown);
}

void expect_fault(std::string_view text, Error error, std::string_view names) {
  const auto query = parse_random_query(text);
  ASSERT_FALSE(query.has_value()) << text;
  EXPECT_EQ(query.error().error, error) << text;
  EXPECT_TRUE(query.error().text.starts_with(names)) << text << ": " << query.error().text;
}

TEST(RandomQuery, NamesTheParameterThatIsWrong) {
  expect_fault("n=0", Error::out_of_range, "n ");
  expect_fault("n=65537", Error::too_large, "n ");
  expect_fault("n=99999999999999999999999", Error::too_large, "n ");
  for (const auto* text : {"n=", "n=+1", "n=-1", "n= 1", "n=1 ", "n=0x10", "n=1.0", "n=12a"}) expect_fault(text, Error::malformed, "n ");
  expect_fault("n=1&n=1", Error::malformed, "n is given more than once");
  for (const auto* text : {"t=", "t=Direct", "t=quantum"}) expect_fault(text, Error::unknown, "t ");
  expect_fault("t=drbg&n=2&t=drbg", Error::malformed, "t is given more than once");
  for (const auto* text : {"every=0", "every=86401", "every=99999999999999999999999"}) expect_fault(text, Error::out_of_range, "every ");
  expect_fault("every=1s", Error::malformed, "every ");
  expect_fault("every=1&every=2", Error::malformed, "every is given more than once");
}

TEST(RandomQuery, RefusesWhatNobodyDefined) {
  expect_fault("m=1", Error::unknown, "unknown parameter");
  expect_fault("N=1", Error::unknown, "unknown parameter");
  expect_fault("=1", Error::unknown, "unknown parameter");
  expect_fault("n", Error::malformed, "a parameter has no value");
  expect_fault("n=1&", Error::malformed, "a parameter has no value");
  expect_fault("&", Error::malformed, "a parameter has no value");
}

}  // namespace
}  // namespace qeaas
