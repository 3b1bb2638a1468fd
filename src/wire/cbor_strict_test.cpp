// SPDX-License-Identifier: GPL-3.0-or-later
// What the CBOR codec refuses: everything that is not the core deterministic encoding, and every misuse of the writer.
#include <gtest/gtest.h>

#include <functional>

#include "wire/cbor.hpp"
#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

using test::bytes;

Status skipped(std::string_view hex) {
  const auto input = bytes(hex);
  CborReader in(input);
  if (const auto status = in.skip(); !status) return status;
  return in.finish();
}

void expect_all(Error error, std::initializer_list<std::string_view> inputs) {
  for (const std::string_view hex : inputs) EXPECT_EQ(skipped(hex), fail(error)) << hex;
}

TEST(CborStrict, HeadsMustBeShortest) {
  expect_all(Error::malformed,
             {"1800", "1817", "190001", "1900ff", "1a0000ffff", "1b00000000ffffffff", "5801aa", "780161", "9800", "b800", "3817"});
}

TEST(CborStrict, TruncatedItemsAreMalformed) {
  expect_all(Error::malformed, {"", "18", "19ff", "1affffff", "1bffffffffffffff", "41", "43ffff", "61", "81", "8201", "a1", "a101",
                                "5bffffffffffffffff", "9bffffffffffffffff", "bbffffffffffffffff", "7affffffff61"});
}

TEST(CborStrict, ReservedHeadsAreMalformed) {
  expect_all(Error::malformed, {"1c", "1d", "1e", "1f", "3c", "3f", "5c", "7d", "9e", "bc", "df", "fc", "fe", "ff"});
}

TEST(CborStrict, WhatOurMessagesDoNotUseIsUnsupported) {
  // Tags, floats, undefined, other simple values, indefinite lengths.
  expect_all(Error::unsupported, {"c074", "d818", "f90000", "fa47c35000", "fb3ff199999999999a", "f7", "f0", "f818", "5f42010243030405ff",
                                  "7f6161ff", "9fff", "bfff"});
}

TEST(CborStrict, KeysAscendAndAreUnique) {
  expect_all(Error::malformed, {"a203000100", "a201000100", "a2616200616100", "a26161006161f6", "a2626161006162f6"});
  EXPECT_TRUE(skipped("a3010020006161f6").has_value());
  expect_all(Error::malformed, {"a1800 0", "a1a000"});  // containers are no keys here
}

TEST(CborStrict, TextIsUtf8AndNothingFollows) { expect_all(Error::malformed, {"61ff", "62c328", "0000", "8000", "a0f6"}); }

TEST(CborStrict, DepthIsBounded) {
  std::string deep, deeper;
  for (std::size_t i = 0; i < kMaxCborDepth; ++i) deep += "81";
  deeper = deep + "8100";
  EXPECT_TRUE(skipped(deep + "00").has_value());
  EXPECT_EQ(skipped(deeper), fail(Error::too_large));
}

TEST(CborStrict, AnotherKindIsUnknownAndNotConsumed) {
  const auto input = bytes("01");
  CborReader in(input);
  EXPECT_EQ(in.text(), fail(Error::unknown));
  EXPECT_EQ(in.bytes().error(), Error::unknown);
  EXPECT_EQ(in.array(), fail(Error::unknown));
  EXPECT_EQ(in.map(), fail(Error::unknown));
  EXPECT_EQ(in.boolean(), fail(Error::unknown));
  EXPECT_EQ(in.null(), fail(Error::unknown));
  EXPECT_EQ(in.unsigned_integer(), 1u);
  EXPECT_EQ(CborReader(bytes("6161")).integer(), fail(Error::unknown));
  EXPECT_EQ(CborReader(bytes("20")).unsigned_integer(), fail(Error::unknown));
}

TEST(CborStrict, ReadingBeyondTheEndIsMalformed) {
  const auto input = bytes("0102");
  CborReader in(input);
  EXPECT_EQ(in.integer(), 1);
  EXPECT_EQ(in.integer(), fail(Error::malformed));  // the top-level item is complete
  EXPECT_EQ(in.finish(), fail(Error::malformed));
  EXPECT_EQ(CborReader({}).peek(), fail(Error::malformed));
}

Result<std::size_t> size_written(const std::function<void(CborWriter&)>& fill, std::size_t room = 256) {
  std::vector<std::uint8_t> memory(room);
  CborWriter out(memory);
  fill(out);
  return out.finish();
}

TEST(CborStrict, TheWriterRefusesKeysOutOfOrder) {
  EXPECT_EQ(size_written([](CborWriter& out) { out.map(2).integer(2).null().integer(1).null(); }), fail(Error::malformed));
  EXPECT_EQ(size_written([](CborWriter& out) { out.map(2).integer(1).null().integer(1).null(); }), fail(Error::malformed));
  EXPECT_EQ(size_written([](CborWriter& out) { out.map(1).array(0).null(); }), fail(Error::malformed));
}

TEST(CborStrict, TheWriterCountsItems) {
  EXPECT_EQ(size_written([](CborWriter&) {}), fail(Error::malformed));
  EXPECT_EQ(size_written([](CborWriter& out) { out.array(2).null(); }), fail(Error::malformed));
  EXPECT_EQ(size_written([](CborWriter& out) { out.map(1).integer(1); }), fail(Error::malformed));
  EXPECT_EQ(size_written([](CborWriter& out) { out.array(1).null().null(); }), fail(Error::malformed));
}

TEST(CborStrict, TheWriterRefusesBadTextDepthAndLackOfRoom) {
  EXPECT_EQ(size_written([](CborWriter& out) { out.text("\xff"); }), fail(Error::malformed));
  EXPECT_EQ(size_written([](CborWriter& out) {
              for (std::size_t i = 0; i <= kMaxCborDepth; ++i) out.array(1);
              out.null();
            }),
            fail(Error::too_large));
  const auto answer = [](CborWriter& out) { out.array(2).bytes(bytes("010203")).integer(1000); };
  for (std::size_t room = 0; room < 8; ++room) EXPECT_EQ(size_written(answer, room), fail(Error::no_space)) << room;
  EXPECT_EQ(size_written(answer, 8), 8u);
}

}  // namespace
}  // namespace qeaas
