// SPDX-License-Identifier: GPL-3.0-or-later
// Writing messages: extended deltas and lengths, payload in place, and every error of the writer.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/hex.hpp"
#include "wire/coap_message.hpp"
#include "wire/vectors_test.hpp"

namespace qeaas::coap {
namespace {

constexpr std::uint16_t kId = 0x1234;

MessageWriter get(MutableBytes into) { return MessageWriter(into, Type::con, code::kGet, kId); }

TEST(CoapWriter, ExtendsDeltasAndLengthsAtTheirBounds) {
  // RFC 7252 3.1: 12 is the last plain value, 268 the last of one extra byte.
  for (const std::uint32_t size : {0u, 12u, 13u, 268u, 269u, 65535u}) {
    for (const std::uint16_t option : std::initializer_list<std::uint16_t>{1, 12, 13, 268, 269, 65535}) {
      std::vector<std::uint8_t> memory(70000);
      const std::vector<std::uint8_t> value(size, 0xab);
      const auto written = get(memory).option(static_cast<Option>(option), value).finish();
      ASSERT_TRUE(written.has_value());
      const auto extra = [](std::uint32_t n) { return n < 13 ? 0u : n < 269 ? 1u : 2u; };
      EXPECT_EQ(*written, 4 + 1 + extra(option) + extra(size) + size);
      const auto seen = parse(Bytes(memory).first(*written));
      ASSERT_TRUE(seen.has_value()) << option << " " << size;
      const auto found = seen->options.find(static_cast<Option>(option));
      ASSERT_TRUE(found.has_value());
      EXPECT_TRUE(std::equal(value.begin(), value.end(), found->value.begin(), found->value.end()));
    }
  }
}

TEST(CoapWriter, WritesAWholeRequest) {
  std::array<std::uint8_t, 64> memory;
  const auto size = get(memory)
                        .option_uint(Option::observe, 0)
                        .option(Option::uri_path, "random")
                        .option(Option::uri_query, "n=64")
                        .option_uint(Option::accept, format::kCbor)
                        .option_block(Option::block2, {0, false, 6})
                        .finish();
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(to_hex(Bytes(memory).first(*size)),
            "400112346056"
            "72616e646f6d"
            "446e3d3634"
            "213c"
            "6106");
}

TEST(CoapWriter, PayloadInPlaceEqualsPayloadCopied) {
  std::array<std::uint8_t, 16> copied, in_place;
  const std::array<std::uint8_t, 3> payload{1, 2, 3};
  const auto first = get(copied).payload(payload).finish();
  auto writer = get(in_place);
  std::copy(payload.begin(), payload.end(), writer.payload_room().begin());
  const auto second = writer.payload_written(payload.size()).finish();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(to_hex(Bytes(copied).first(*first)), "40011234ff010203");
  EXPECT_EQ(to_hex(Bytes(in_place).first(*second)), "40011234ff010203");
}

TEST(CoapWriter, AnEmptyPayloadHasNoMarker) {
  std::array<std::uint8_t, 16> memory;
  EXPECT_EQ(get(memory).payload({}).finish(), 4u);
}

TEST(CoapWriter, OptionsMustAscend) {
  std::array<std::uint8_t, 64> memory;
  EXPECT_EQ(get(memory).option(Option::accept, "").option(Option::uri_path, "a").finish(), fail(Error::malformed));
  EXPECT_TRUE(get(memory).option(Option::uri_path, "a").option(Option::uri_path, "b").finish().has_value());
}

TEST(CoapWriter, NothingFollowsThePayload) {
  std::array<std::uint8_t, 64> memory;
  const auto payload = test::bytes("01");
  EXPECT_EQ(get(memory).payload(payload).option(Option::size1, "").finish(), fail(Error::malformed));
  EXPECT_EQ(get(memory).payload(payload).payload(payload).finish(), fail(Error::malformed));
}

TEST(CoapWriter, EmptyMessagesStayEmpty) {
  std::array<std::uint8_t, 64> memory;
  const auto empty = [&](const Token& token = {}) { return MessageWriter(memory, Type::ack, code::kEmpty, kId, token); };
  EXPECT_EQ(empty().finish(), 4u);
  EXPECT_EQ(empty().option(Option::uri_path, "a").finish(), fail(Error::malformed));
  EXPECT_EQ(empty().payload(test::bytes("01")).finish(), fail(Error::malformed));
  EXPECT_TRUE(empty().payload_room().empty());
  EXPECT_EQ(empty(*Token::of(test::bytes("01"))).finish(), fail(Error::malformed));
}

TEST(CoapWriter, EverySizeThatIsTooSmallIsNoSpaceAndWritesNothingBeyond) {
  const auto write = [](MutableBytes into) {
    return MessageWriter(into, Type::con, code::kContent, kId, *Token::of(test::bytes("a1a2")))
        .option(Option::etag, "tag")
        .option_uint(Option::max_age, 300)
        .payload(test::bytes("010203"))
        .finish();
  };
  std::array<std::uint8_t, 64> memory;
  const auto needed = write(memory);
  ASSERT_TRUE(needed.has_value());
  for (std::size_t size = 0; size < *needed; ++size) {
    memory.fill(0xee);
    EXPECT_EQ(write(MutableBytes(memory).first(size)), fail(Error::no_space)) << size;
    EXPECT_TRUE(std::all_of(memory.begin() + static_cast<std::ptrdiff_t>(size), memory.end(), [](auto b) { return b == 0xee; }));
  }
  EXPECT_EQ(write(MutableBytes(memory).first(*needed)), needed);
}

TEST(CoapWriter, ClaimingMorePayloadThanThereIsRoomIsNoSpace) {
  std::array<std::uint8_t, 8> memory;
  auto writer = get(memory);
  EXPECT_EQ(writer.payload_room().size(), 3u);
  EXPECT_EQ(writer.payload_written(4).finish(), fail(Error::no_space));
}

TEST(CoapWriter, OptionsHaveALimit) {
  std::vector<std::uint8_t> memory(70000);
  EXPECT_EQ(get(memory).option(Option::uri_path, std::vector<std::uint8_t>(65805)).finish(), fail(Error::too_large));
  EXPECT_TRUE(get(memory).option(Option::uri_path, std::vector<std::uint8_t>(65804)).finish().has_value());
  EXPECT_EQ(get(memory).option_block(Option::block2, {.szx = 7}).finish(), fail(Error::out_of_range));
}

TEST(CoapWriter, TheFirstErrorStays) {
  std::array<std::uint8_t, 64> memory;
  auto writer = get(memory);
  writer.option(Option::accept, "").option(Option::uri_path, "a").option_block(Option::block2, {.szx = 7});
  EXPECT_EQ(writer.finish(), fail(Error::malformed));
}

TEST(CoapWriter, WritesEmptyMessages) {
  std::array<std::uint8_t, kHeaderBytes> memory;
  write_empty(memory, Type::rst, 0xad7c);
  EXPECT_EQ(to_hex(memory), "7000ad7c");
}

TEST(CoapToken, IsAValueOfUpToEightBytes) {
  EXPECT_EQ(Token::of(test::bytes("010203040506070809")).error(), Error::too_large);
  EXPECT_EQ(Token::of(test::bytes("0100")).value().size(), 2u);
  EXPECT_NE(*Token::of(test::bytes("01")), *Token::of(test::bytes("0100")));
  EXPECT_EQ(*Token::of(test::bytes("a1a2")), *Token::of(test::bytes("a1a2")));
}

}  // namespace
}  // namespace qeaas::coap
