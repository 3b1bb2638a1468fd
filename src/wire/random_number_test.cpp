// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of /random_number/n: integers and hexadecimal digits, and every shape that is none.
#include "wire/random_number.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

Result<SecretBytes> decode(std::string_view json, std::size_t size) { return decode_random_number(bytes_of(json), size); }
std::vector<std::uint8_t> bytes_of(const Result<SecretBytes>& decoded) {
  if (!decoded) return {};
  return {decoded->span().begin(), decoded->span().end()};
}

TEST(RandomNumber, AnIntegerIsBigEndian) {
  using Vector = std::vector<std::uint8_t>;
  EXPECT_EQ(bytes_of(decode(R"({"return":0,"random_number":4711})", 4)), (Vector{0, 0, 0x12, 0x67}));
  EXPECT_EQ(bytes_of(decode(R"({"random_number": 0, "return": 0})", 1)), (Vector{0}));
  EXPECT_EQ(bytes_of(decode(R"({"return":0,"random_number":18446744073709551615})", 8)), Vector(8, 0xFF));
}

TEST(RandomNumber, MoreThanEightBytesAreDigits) {
  const std::string digits(2 * 256, 'a');
  EXPECT_EQ(bytes_of(decode(R"({"return":0,"random_number":"000102030405060708"})", 9)),
            (std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(bytes_of(decode(R"({"return":0,"random_number":")" + digits + "\"}", 256)), std::vector<std::uint8_t>(256, 0xAA));
}

TEST(RandomNumber, ANumberThatIsTooLargeForItsBytesIsNotCut) {
  EXPECT_EQ(decode(R"({"return":0,"random_number":256})", 1).error(), Error::out_of_range);
  EXPECT_EQ(decode(R"({"return":0,"random_number":1})", 0).error(), Error::out_of_range);
  EXPECT_EQ(decode(R"({"return":0,"random_number":1})", 257).error(), Error::out_of_range);
}

TEST(RandomNumber, AServerThatFailedSaysSo) { EXPECT_EQ(decode(R"({"return":1,"error_message":"no device"})", 8).error(), Error::io); }

TEST(RandomNumber, AnythingElseIsMalformed) {
  for (const std::string_view wrong :
       {"", "{}", "[]", "4711", R"({"return":0})", R"({"random_number":1})", R"({"return":0,"random_number":-1})",
        R"({"return":0,"random_number":1.5})", R"({"return":0,"random_number":18446744073709551616})",
        R"({"return":0,"random_number":"00"})", R"({"return":0,"random_number":"000000000000000g"})",
        R"({"return":0,"random_number":null})", R"({"return":"0","random_number":1})", R"({"return":0,"random_number":1} x)"})
    EXPECT_EQ(decode(wrong, 8).error(), Error::malformed) << wrong;
}

TEST(RandomNumber, AnIntegerIsNotFilledUpToMoreThanEightBytes) {
  EXPECT_EQ(decode(R"({"return":0,"random_number":4711})", 9).error(), Error::malformed);
}

}  // namespace
}  // namespace qeaas
