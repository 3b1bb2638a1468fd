// SPDX-License-Identifier: GPL-3.0-or-later
// Accept, Content-Type, queries and numbers.
#include "http/negotiate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace qeaas::http {
namespace {

constexpr std::array<std::string_view, 3> kOffers{"application/octet-stream", "application/json", "text/plain"};

std::string chosen(std::string_view accept) { return std::string(choose(kOffers, accept).value_or("none")); }

TEST(Negotiate, TheFirstOfferWithoutWishes) {
  for (const auto* accept : {"", " ", "*/*", "*", "application/*", "text/html, */*;q=0.1"})
    EXPECT_EQ(chosen(accept), "application/octet-stream") << accept;
}

TEST(Negotiate, QualityAndExactnessDecide) {
  EXPECT_EQ(chosen("application/json"), "application/json");
  EXPECT_EQ(chosen("Application/JSON ; charset=utf-8"), "application/json");
  EXPECT_EQ(chosen("text/*"), "text/plain");
  EXPECT_EQ(chosen("application/*;q=0.5, text/plain;q=0.6"), "text/plain");
  EXPECT_EQ(chosen("*/*;q=0.1,application/json;q=0.2"), "application/json");
  EXPECT_EQ(chosen("application/octet-stream;q=0, */*"), "application/json");
  EXPECT_EQ(chosen("application/json;Q=0.001,text/plain;q=0.002"), "text/plain");
  EXPECT_EQ(chosen("application/json;q=1.000,text/plain;q=0.999"), "application/json");
}

TEST(Negotiate, NothingMayBeLeft) {
  for (const auto* accept : {"image/png", "application/json;q=0", "*/*;q=0", "application/json;q=x", "application/json;q=1x5",
                             "application/json;q=", "application/json;q=0.12345", "app/*", "/*"})
    EXPECT_EQ(chosen(accept), "none") << accept;
}

TEST(Negotiate, MediaTypes) {
  EXPECT_TRUE(is_media_type("application/json", "application/json"));
  EXPECT_TRUE(is_media_type("Application/Json; charset=utf-8", "application/json"));
  EXPECT_FALSE(is_media_type("application/jsonx", "application/json"));
  EXPECT_FALSE(is_media_type("text/plain; application/json", "application/json"));
}

struct Read {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::optional<Error> error;
};

Read read(std::string_view query) {
  Read all;
  QueryReader reader(query);
  QueryReader::Pair pair;
  auto more = reader.next(pair);
  for (; more && *more; more = reader.next(pair)) all.pairs.emplace_back(pair.name, pair.value);
  if (!more) all.error = more.error();
  return all;
}

TEST(Negotiate, Queries) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(read("").pairs, Pairs());
  EXPECT_EQ(read("a=b&c=d=e&&f=").pairs, (Pairs{{"a", "b"}, {"c", "d=e"}, {"f", ""}}));
  EXPECT_EQ(read("a=%41%62+%2b").pairs, (Pairs{{"a", "Ab +"}}));
  EXPECT_FALSE(read("a=b&").error);
  for (const auto* wrong : {"a", "a=b&c", "a=%", "a=%4", "a=%4g", "a=%g4"}) EXPECT_EQ(read(wrong).error, Error::malformed) << wrong;
  EXPECT_FALSE(read("a=" + std::string(1024, 'x')).error);
  EXPECT_EQ(read("a=" + std::string(1025, 'x')).error, Error::too_large);
}

TEST(Negotiate, Numbers) {
  EXPECT_EQ(decimal("0").value(), 0U);
  EXPECT_EQ(decimal("18446744073709551615").value(), ~std::uint64_t{0});
  EXPECT_EQ(decimal("18446744073709551616").error(), Error::too_large);
  for (const auto* wrong : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "18446744073709551616x"})
    EXPECT_EQ(decimal(wrong).error(), Error::malformed) << wrong;
}

}  // namespace
}  // namespace qeaas::http
