// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/entropy_request.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

auto parse(std::string_view text) { return parse_entropy_request(bytes_of(text), 65536, 16); }

TEST(EntropyRequest, DefaultsAndEverything) {
  const auto least = parse(R"({"block_size":32})");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->block_bytes, 32U);
  EXPECT_EQ(least->block_count, 1U);
  EXPECT_EQ(least->type, EntropyType::mixed);
  const auto most = parse(R"( {"block_size":65536,"block_count":16,"entropy_type":"drbg","extra":[1]} )");
  ASSERT_TRUE(most);
  EXPECT_EQ(most->block_bytes, 65536U);
  EXPECT_EQ(most->block_count, 16U);
  EXPECT_EQ(most->type, EntropyType::drbg);
}

TEST(EntropyRequest, WhatIsWrongIsSaid) {
  const std::pair<const char*, Error> cases[] = {
      {"", Error::malformed},
      {"[]", Error::malformed},
      {"{", Error::malformed},
      {"{}", Error::malformed},
      {R"({"block_size":"32"})", Error::malformed},
      {R"({"block_size":1.5})", Error::malformed},
      {R"({"block_size":null})", Error::malformed},
      {R"({"block_size":0})", Error::out_of_range},
      {R"({"block_size":-1})", Error::out_of_range},
      {R"({"block_size":65537})", Error::too_large},
      {R"({"block_size":18446744073709551615})", Error::too_large},
      {R"({"block_size":1,"block_count":0})", Error::out_of_range},
      {R"({"block_size":1,"block_count":17})", Error::too_large},
      {R"({"block_size":1,"block_count":true})", Error::malformed},
      {R"({"block_size":1,"entropy_type":"best"})", Error::unknown},
      {R"({"block_size":1,"entropy_type":7})", Error::unknown},
  };
  for (const auto& [text, error] : cases) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().error, error) << text;
    EXPECT_FALSE(parsed.error().text.empty());
  }
}

}  // namespace
}  // namespace qeaas
