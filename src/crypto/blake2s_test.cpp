// SPDX-License-Identifier: GPL-3.0-or-later
#include "crypto/blake2s.hpp"

#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include <vector>

#include "base/hex.hpp"

namespace qeaas {
namespace {

std::string digest_of(Blake2s& hash) {
  std::array<std::uint8_t, kBlake2sBytes> digest{};
  hash.finish(digest);
  return to_hex(digest);
}

// RFC 7693 appendix B.
TEST(Blake2sTest, TheExampleOfTheStandard) {
  Blake2s hash;
  const std::string text = "abc";
  hash.update({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  EXPECT_EQ(digest_of(hash), "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}

// The first keyed vector of the BLAKE2 authors' list: key 00..1f, empty message.
TEST(Blake2sTest, AKeyedVector) {
  std::array<std::uint8_t, 32> key;
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  Blake2s hash(key);
  EXPECT_EQ(digest_of(hash), "48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49");
}

TEST(Blake2sTest, PiecesMakeTheSameDigestAndFinishLeavesZeros) {
  const std::vector<std::uint8_t> data(1000, 0x5a);
  Blake2s whole;
  whole.update(data);
  const auto expected = digest_of(whole);
  Blake2s pieces;
  for (std::size_t at = 0; at < data.size(); at += 7)
    pieces.update(std::span(data).subspan(at, std::min<std::size_t>(7, data.size() - at)));
  EXPECT_EQ(digest_of(pieces), expected);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&pieces);
  for (std::size_t i = 0; i < sizeof(pieces); ++i) ASSERT_EQ(bytes[i], 0) << i;
  pieces.begin({});
  pieces.update(data);
  EXPECT_EQ(digest_of(pieces), expected);
}

}  // namespace
}  // namespace qeaas
