// SPDX-License-Identifier: GPL-3.0-or-later
// Our reading of OSSL_PARAM beside OpenSSL's own constructors.
#include "params.hpp"

#include <gtest/gtest.h>
#include <openssl/params.h>
#include <string>

namespace qeaas::provider {
namespace {

TEST(ProviderParams, NumbersOfEveryWidth) {
  int small = 0;
  unsigned plain = 0;
  std::size_t size = 0;
  std::int64_t large = 0;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_int("i", &small), OSSL_PARAM_construct_uint("u", &plain),
                         OSSL_PARAM_construct_size_t("s", &size), OSSL_PARAM_construct_int64("l", &large), OSSL_PARAM_construct_end()};
  for (const auto* key : {"i", "u", "s", "l"}) EXPECT_TRUE(set_number(locate(params, key), 70000)) << key;
  EXPECT_EQ(small, 70000);
  EXPECT_EQ(plain, 70000U);
  EXPECT_EQ(size, 70000U);
  EXPECT_EQ(large, 70000);
  EXPECT_EQ(OSSL_PARAM_modified(params), 1);
  EXPECT_EQ(locate(params, "x"), nullptr);
  EXPECT_EQ(locate(nullptr, "i"), nullptr);
  EXPECT_TRUE(set_number(nullptr, 1));
}

TEST(ProviderParams, ANumberThatDoesNotFitIsRefused) {
  int small = 5;
  unsigned plain = 5;
  char text[8] = "";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_int("i", &small), OSSL_PARAM_construct_uint("u", &plain),
                         OSSL_PARAM_construct_utf8_string("t", text, sizeof(text)), OSSL_PARAM_construct_end()};
  EXPECT_FALSE(set_number(&params[0], 1ULL << 31));
  EXPECT_TRUE(set_number(&params[1], 1ULL << 31));
  EXPECT_FALSE(set_number(&params[1], 1ULL << 32));
  EXPECT_FALSE(set_number(&params[2], 1));
  EXPECT_EQ(small, 5);
  params[0].data_size = 3;
  EXPECT_FALSE(set_number(&params[0], 1));
}

TEST(ProviderParams, TextsByPointerAndByCopy) {
  const char* pointer = nullptr;
  char room[4] = "xxx";
  int number = 0;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_ptr("p", const_cast<char**>(&pointer), 0),
                         OSSL_PARAM_construct_utf8_string("s", room, sizeof(room)), OSSL_PARAM_construct_int("i", &number),
                         OSSL_PARAM_construct_end()};
  EXPECT_TRUE(set_text(&params[0], "qeaas"));
  EXPECT_STREQ(pointer, "qeaas");
  EXPECT_TRUE(set_text(&params[1], "ab"));
  EXPECT_STREQ(room, "ab");
  EXPECT_EQ(params[1].return_size, 2U);
  EXPECT_FALSE(set_text(&params[1], "qeaas"));
  EXPECT_EQ(params[1].return_size, 5U);  // what it would take
  EXPECT_FALSE(set_text(&params[2], "qeaas"));
}

}  // namespace
}  // namespace qeaas::provider
