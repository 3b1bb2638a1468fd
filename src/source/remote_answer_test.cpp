// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/remote_answer.hpp"

#include <array>
#include <gtest/gtest.h>

#include "wire/base64.hpp"

namespace qeaas {
namespace {

Status parse(std::string_view text, std::size_t size = 3) {
  std::vector<std::uint8_t> block(size, 0xEE);
  const auto parsed = parse_entropy_answer(text, block);
  if (!parsed) {
    EXPECT_EQ(block, std::vector<std::uint8_t>(size)) << "an error leaves zeros";
  }
  return parsed;
}

TEST(EntropyAnswer, TakesOneBlockOfTheSizeAskedFor) {
  std::array<std::uint8_t, 3> block{};
  ASSERT_TRUE(parse_entropy_answer(R"({"extensions":[{"a":1}],"entropy":["AQID"]})", block));
  EXPECT_EQ(block, (std::array<std::uint8_t, 3>{1, 2, 3}));
}

TEST(EntropyAnswer, TakesTheLargestBlock) {
  std::vector<std::uint8_t> large(kMaxRemoteBlockBytes, 0x5A);
  std::vector<std::uint8_t> block(large.size());
  ASSERT_TRUE(parse_entropy_answer("{\"entropy\":[\"" + to_base64(large) + "\"]}", block));
  EXPECT_EQ(block, large);
}

TEST(EntropyAnswer, RefusesWhatIsNoAnswer) {
  for (const auto* text : {"", "{", "[]", "null", "{}", R"({"entropy":"AQID"})", R"({"entropy":[1]})", R"({"entropy":["AQI"]})",
                           R"({"entropy":["AQ!D"]})", R"({"entropy":["AQID"]} x)", R"({"Entropy":["AQID"]})", R"({"entropy":["AQID",]})"})
    EXPECT_EQ(parse(text).error(), Error::malformed) << text;
  EXPECT_EQ(parse(R"({"entropy":[]})").error(), Error::out_of_range);
  EXPECT_EQ(parse(R"({"entropy":["AQID","AQID"]})").error(), Error::out_of_range);
  EXPECT_EQ(parse(R"({"entropy":["AQI="]})").error(), Error::out_of_range) << "two bytes where three were asked for";
  EXPECT_EQ(parse(R"({"entropy":["AQIDBA=="]})").error(), Error::out_of_range) << "four";
}

TEST(EntropyAnswer, BoundsDepthSizeAndMemory) {
  EXPECT_EQ(parse("{\"a\":" + std::string(50, '[') + std::string(50, ']') + "}").error(), Error::malformed);
  EXPECT_EQ(parse(std::string(kMaxRemoteAnswerBytes + 1, ' ')).error(), Error::too_large);
  std::string many = "{\"entropy\":[0";
  while (many.size() < kMaxRemoteAnswerBytes - 8) many += ",0";
  EXPECT_EQ(parse(many + "]}").error(), Error::too_large) << "many small values need more memory than one block";
}

TEST(Capabilities, WithDefaultsAndLimits) {
  const auto full = parse_capabilities(
      R"({"entropy":{"min_block_size":16,"max_block_size":1000000,"max_block_count":1,"entropy_types":["direct","mixed"]},"source_count":1})");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->min_block_bytes, 16U);
  EXPECT_EQ(full->max_block_bytes, kMaxRemoteBlockBytes);
  EXPECT_EQ(full->entropy_types, (std::vector<std::string>{"direct", "mixed"}));
  const auto least = parse_capabilities(R"({"entropy":{"max_block_size":64}})");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->min_block_bytes, 1U);
  EXPECT_EQ(least->max_block_bytes, 64U);
  EXPECT_EQ(parse_capabilities(R"({"entropy":{"max_block_size":18446744073709551615}})")->max_block_bytes, kMaxRemoteBlockBytes);
}

TEST(Capabilities, RefusesNonsense) {
  for (const auto* text :
       {"", "[]", "{}", R"({"entropy":[]})", R"({"entropy":{}})", R"({"entropy":{"max_block_size":"64"}})",
        R"({"entropy":{"max_block_size":-1}})", R"({"entropy":{"max_block_size":1.5}})",
        R"({"entropy":{"max_block_size":64,"min_block_size":null}})", R"({"entropy":{"max_block_size":64,"entropy_types":"a"}})",
        R"({"entropy":{"max_block_size":64,"entropy_types":[1]}})"})
    EXPECT_EQ(parse_capabilities(text).error(), Error::malformed) << text;
  EXPECT_EQ(parse_capabilities(R"({"entropy":{"max_block_size":0}})").error(), Error::out_of_range);
  EXPECT_EQ(parse_capabilities(R"({"entropy":{"min_block_size":100000,"max_block_size":200000}})").error(), Error::out_of_range);
  std::string types = R"({"entropy":{"max_block_size":64,"entropy_types":["a")";
  for (std::size_t i = 0; i < kMaxEntropyTypes; ++i) types += R"(,"a")";
  EXPECT_EQ(parse_capabilities(types + "]}}").error(), Error::too_large);
}

}  // namespace
}  // namespace qeaas
