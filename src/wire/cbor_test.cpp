// SPDX-License-Identifier: GPL-3.0-or-later
// CBOR against the examples of RFC 8949 appendix A that our subset covers, in both directions.
#include "wire/cbor.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

using test::bytes;

std::string written(const std::function<void(CborWriter&)>& fill) {
  std::array<std::uint8_t, 256> memory;
  CborWriter out(memory);
  fill(out);
  const auto size = out.finish();
  return size ? to_hex(Bytes(memory).first(*size)) : std::string(name(size.error()));
}

TEST(Cbor, IntegersFollowAppendixA) {
  const std::pair<std::int64_t, const char*> vectors[] = {{0, "00"},
                                                          {1, "01"},
                                                          {10, "0a"},
                                                          {23, "17"},
                                                          {24, "1818"},
                                                          {25, "1819"},
                                                          {100, "1864"},
                                                          {1000, "1903e8"},
                                                          {1000000, "1a000f4240"},
                                                          {1000000000000, "1b000000e8d4a51000"},
                                                          {-1, "20"},
                                                          {-10, "29"},
                                                          {-100, "3863"},
                                                          {-1000, "3903e7"}};
  for (const auto& [value, hex] : vectors) {
    EXPECT_EQ(written([value = value](CborWriter& out) { out.integer(value); }), hex);
    const auto input = bytes(hex);
    CborReader in(input);
    EXPECT_EQ(in.integer(), value);
    EXPECT_TRUE(in.finish().has_value());
  }
}

TEST(Cbor, TheLargestIntegersFollowAppendixA) {
  EXPECT_EQ(written([](CborWriter& out) { out.unsigned_integer(18446744073709551615u); }), "1bffffffffffffffff");
  const auto largest = bytes("1bffffffffffffffff");
  EXPECT_EQ(CborReader(largest).unsigned_integer(), 18446744073709551615u);
  EXPECT_EQ(CborReader(largest).integer(), fail(Error::out_of_range));
  EXPECT_EQ(CborReader(bytes("3bffffffffffffffff")).integer(), fail(Error::out_of_range));
  EXPECT_EQ(CborReader(bytes("3b7fffffffffffffff")).integer(), INT64_MIN);
  EXPECT_EQ(written([](CborWriter& out) { out.integer(INT64_MIN); }), "3b7fffffffffffffff");
}

TEST(Cbor, SimpleValuesFollowAppendixA) {
  EXPECT_EQ(written([](CborWriter& out) { out.boolean(false); }), "f4");
  EXPECT_EQ(written([](CborWriter& out) { out.boolean(true); }), "f5");
  EXPECT_EQ(written([](CborWriter& out) { out.null(); }), "f6");
  EXPECT_EQ(CborReader(bytes("f4")).boolean(), false);
  EXPECT_EQ(CborReader(bytes("f5")).boolean(), true);
  EXPECT_TRUE(CborReader(bytes("f6")).null().has_value());
}

TEST(Cbor, StringsFollowAppendixA) {
  EXPECT_EQ(written([](CborWriter& out) { out.bytes({}); }), "40");
  EXPECT_EQ(written([](CborWriter& out) { out.bytes(bytes("01020304")); }), "4401020304");
  const std::pair<const char*, const char*> vectors[] = {
      {"", "60"},           {"a", "6161"},          {"IETF", "6449455446"},      {"\"\\", "62225c"},
      {"\u00fc", "62c3bc"}, {"\u6c34", "63e6b0b4"}, {"\U00010151", "64f0908591"}};
  for (const auto& [text, hex] : vectors) {
    EXPECT_EQ(written([text = text](CborWriter& out) { out.text(text); }), hex);
    const auto input = bytes(hex);
    EXPECT_EQ(CborReader(input).text(), text);
  }
  const auto four = bytes("4401020304");
  EXPECT_EQ(to_hex(CborReader(four).bytes().value()), "01020304");
}

TEST(Cbor, ArraysFollowAppendixA) {
  EXPECT_EQ(written([](CborWriter& out) { out.array(0); }), "80");
  EXPECT_EQ(written([](CborWriter& out) { out.array(3).integer(1).integer(2).integer(3); }), "83010203");
  EXPECT_EQ(written([](CborWriter& out) { out.array(3).integer(1).array(2).integer(2).integer(3).array(2).integer(4).integer(5); }),
            "8301820203820405");
  EXPECT_EQ(written([](CborWriter& out) {
              out.array(25);
              for (int i = 1; i <= 25; ++i) out.integer(i);
            }),
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819");
}

TEST(Cbor, MapsFollowAppendixA) {
  EXPECT_EQ(written([](CborWriter& out) { out.map(0); }), "a0");
  EXPECT_EQ(written([](CborWriter& out) { out.map(2).integer(1).integer(2).integer(3).integer(4); }), "a201020304");
  EXPECT_EQ(written([](CborWriter& out) { out.map(2).text("a").integer(1).text("b").array(2).integer(2).integer(3); }),
            "a26161016162820203");
  EXPECT_EQ(written([](CborWriter& out) { out.array(2).text("a").map(1).text("b").text("c"); }), "826161a161626163");
  EXPECT_EQ(written([](CborWriter& out) {
              out.map(5);
              for (const char* pair : {"aA", "bB", "cC", "dD", "eE"}) out.text({pair, 1}).text({pair + 1, 1});
            }),
            "a56161614161626142616361436164614461656145");
}

TEST(Cbor, ReadsANestedItemStepByStep) {
  const auto input = bytes("a26161016162820203");
  CborReader in(input);
  EXPECT_EQ(in.map(), 2u);
  EXPECT_EQ(in.text(), "a");
  EXPECT_EQ(in.peek(), CborKind::unsigned_integer);
  EXPECT_EQ(in.unsigned_integer(), 1u);
  EXPECT_EQ(in.text(), "b");
  EXPECT_EQ(in.array(), 2u);
  EXPECT_EQ(in.integer(), 2);
  EXPECT_FALSE(in.finish().has_value());
  EXPECT_EQ(in.integer(), 3);
  EXPECT_TRUE(in.finish().has_value());
}

TEST(Cbor, SkipsWholeItemsOfAppendixA) {
  for (const std::string_view hex :
       {"00", "3903e7", "4401020304", "6449455446", "80", "8301820203820405", "a0", "a26161016162820203", "826161a161626163", "f4", "f6"}) {
    const auto input = bytes(hex);
    CborReader in(input);
    EXPECT_TRUE(in.skip().has_value()) << hex;
    EXPECT_TRUE(in.finish().has_value()) << hex;
  }
}

TEST(Cbor, SkippingTheLastItemOfAMapEndsTheMap) {
  const auto input = bytes("82a10180 05");
  CborReader in(input);
  EXPECT_EQ(in.array(), 2u);
  EXPECT_EQ(in.map(), 1u);
  EXPECT_EQ(in.integer(), 1);
  EXPECT_TRUE(in.skip().has_value());
  EXPECT_EQ(in.integer(), 5);
  EXPECT_TRUE(in.finish().has_value());
}

}  // namespace
}  // namespace qeaas
