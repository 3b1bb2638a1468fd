// SPDX-License-Identifier: GPL-3.0-or-later
// Base64 against RFC 4648 section 10, and what is refused.
#include "wire/base64.hpp"

#include <gtest/gtest.h>

#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

std::string decoded(std::string_view text) {
  const auto bytes = from_base64(text);
  EXPECT_TRUE(bytes.has_value()) << text;
  return bytes ? std::string(bytes->span().begin(), bytes->span().end()) : "";
}

TEST(Base64, FollowsRfc4648Section10) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), text);
    EXPECT_EQ(decoded(text), plain);
  }
}

TEST(Base64, EveryByteValueComesBack) {
  std::vector<std::uint8_t> all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  const auto text = to_base64(all);
  EXPECT_EQ(text.size(), base64_length(256));
  const auto back = from_base64(text);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(to_hex(back->span()), to_hex(all));
}

TEST(Base64, RefusesWhatItDoesNotWrite) {
  // No padding, white space, the URL alphabet, padding inside, too much of it, and unused bits that are set (RFC 4648 3.5).
  for (const std::string_view text : {"Zg", "Zg=", "Zm9v\n", "Zm9 ", "Zm-_", "Zg==Zg==", "Z===", "====", "Zh==", "Zm9=", "=Zm9", "Zm=v"}) {
    const auto bytes = from_base64(text);
    ASSERT_FALSE(bytes.has_value()) << text;
    EXPECT_EQ(bytes.error(), Error::malformed);
  }
}

}  // namespace
}  // namespace qeaas
