// SPDX-License-Identifier: GPL-3.0-or-later
// Option numbers, their properties and their value formats.
#include "wire/coap_option.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "wire/coap_code.hpp"
#include "wire/vectors_test.hpp"

namespace qeaas::coap {
namespace {

using test::bytes;

TEST(CoapOption, PropertiesFollowFromTheNumber) {
  // RFC 7252 table 4, columns C, U and N.
  EXPECT_TRUE(is_critical(Option::uri_path) && is_unsafe(Option::uri_path));
  EXPECT_TRUE(!is_critical(Option::max_age) && is_unsafe(Option::max_age));
  EXPECT_TRUE(is_critical(Option::accept) && !is_unsafe(Option::accept) && !is_no_cache_key(Option::accept));
  EXPECT_TRUE(!is_critical(Option::size1) && !is_unsafe(Option::size1) && is_no_cache_key(Option::size1));
  EXPECT_TRUE(!is_critical(Option::echo) && !is_unsafe(Option::echo) && is_no_cache_key(Option::echo));
  EXPECT_TRUE(is_critical(Option::proxy_uri) && is_unsafe(Option::proxy_uri));
}

TEST(CoapOption, LengthsAreCheckedForKnownOptionsOnly) {
  EXPECT_TRUE(length_fits(Option::uri_path, 255));
  EXPECT_FALSE(length_fits(Option::uri_path, 256));
  EXPECT_FALSE(length_fits(Option::etag, 0));
  EXPECT_FALSE(length_fits(Option::block2, 4));
  EXPECT_FALSE(length_fits(Option::hop_limit, 0));
  EXPECT_TRUE(length_fits(static_cast<Option>(9999), 5000));
}

TEST(CoapOption, KnowsWhichRepeat) {
  EXPECT_TRUE(is_repeatable(Option::uri_query) && is_repeatable(Option::etag));
  EXPECT_FALSE(is_repeatable(Option::accept) || is_repeatable(static_cast<Option>(9999)));
  EXPECT_TRUE(is_known(Option::request_tag));
  EXPECT_FALSE(is_known(static_cast<Option>(2)));
}

TEST(CoapOption, UintHasNoLeadingZeros) {
  EXPECT_EQ(to_hex(encode_uint(0).span()), "");
  EXPECT_EQ(to_hex(encode_uint(1).span()), "01");
  EXPECT_EQ(to_hex(encode_uint(255).span()), "ff");
  EXPECT_EQ(to_hex(encode_uint(256).span()), "0100");
  EXPECT_EQ(to_hex(encode_uint(65536).span()), "010000");
  EXPECT_EQ(to_hex(encode_uint(0xffffffff).span()), "ffffffff");
}

TEST(CoapOption, UintReadsLeadingZerosButNotFiveBytes) {
  EXPECT_EQ(decode_uint({}), 0u);
  EXPECT_EQ(decode_uint(bytes("00000001")), 1u);
  EXPECT_EQ(decode_uint(bytes("fffffffe")), 0xfffffffeu);
  EXPECT_EQ(decode_uint(bytes("0000000001")), fail(Error::out_of_range));
}

TEST(CoapOption, BlocksFollowRfc7959) {
  // RFC 7959 section 3: 2:0/1/128 is block 0, more, size 128.
  const Block first{.num = 0, .more = true, .szx = 3};
  EXPECT_EQ(first.size_bytes(), 128u);
  EXPECT_EQ(to_hex(encode_block(first)->span()), "0b");
  EXPECT_EQ(decode_block(bytes("0b")), first);
  const Block last{.num = kMaxBlockNum, .more = false, .szx = 6};
  EXPECT_EQ(to_hex(encode_block(last)->span()), "fffff6");
  EXPECT_EQ(decode_block(bytes("fffff6")), last);
  EXPECT_EQ(last.offset_bytes(), std::size_t{1024} * kMaxBlockNum);
  EXPECT_EQ(decode_block({}), (Block{.num = 0, .more = false, .szx = 0}));
}

TEST(CoapOption, BlocksOutOfRangeAreErrors) {
  EXPECT_EQ(encode_block({.num = kMaxBlockNum + 1}).error(), Error::out_of_range);
  EXPECT_EQ(encode_block({.szx = 7}).error(), Error::out_of_range);
  EXPECT_EQ(decode_block(bytes("07")), fail(Error::malformed));
  EXPECT_EQ(decode_block(bytes("00000006")), fail(Error::malformed));
}

TEST(CoapCode, ReadsAsClassAndDetail) {
  EXPECT_EQ(code::kContent.value, 69);
  EXPECT_EQ(code::kTooManyRequests.klass(), 4u);
  EXPECT_EQ(code::kTooManyRequests.detail(), 29u);
  EXPECT_TRUE(code::kGet.is_request() && !code::kGet.is_response() && !code::kEmpty.is_request());
  EXPECT_TRUE(code::kServiceUnavailable.is_response() && !code::kServiceUnavailable.is_success());
  EXPECT_TRUE(code::kContinue.is_success());
  EXPECT_TRUE(Code::of(1, 0).is_reserved() && Code::of(7, 31).is_reserved() && !Code::of(3, 0).is_reserved());
}

}  // namespace
}  // namespace qeaas::coap
