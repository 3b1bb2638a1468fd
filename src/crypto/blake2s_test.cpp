// SPDX-License-Identifier: GPL-3.0-or-later
// Published values of BLAKE2s. On the host and on a bare Cortex-M3 (tests/bare), so nothing here allocates.
#include "crypto/blake2s.hpp"

#include <algorithm>

#include "frame/test.hpp"

namespace qeaas {
namespace {

using Digest = std::array<std::uint8_t, kBlake2sBytes>;

Digest digest_of(Blake2s& hash) {
  Digest digest{};
  hash.finish(digest);
  return digest;
}

constexpr Digest digest_in(const char (&text)[2 * kBlake2sBytes + 1]) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::uint8_t>(value(text[2 * i]) * 16 + value(text[2 * i + 1]));
  return digest;
}

// RFC 7693 appendix B.
TEST(Blake2sTest, TheExampleOfTheStandard) {
  Blake2s hash;
  hash.update(std::array<std::uint8_t, 3>{'a', 'b', 'c'});
  EXPECT_EQ(digest_of(hash), digest_in("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"));
}

// The first keyed vector of the BLAKE2 authors' list: key 00..1f, empty message.
TEST(Blake2sTest, AKeyedVector) {
  Digest key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  Blake2s hash(key);
  EXPECT_EQ(digest_of(hash), digest_in("48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49"));
}

// As RFC 7693 appendix E tests, a digest of digests; for the sizes that are used here, and against Python's hashlib.blake2s.
TEST(Blake2sTest, ManyLengthsKeyedAndNot) {
  Blake2s all;
  std::array<std::uint8_t, 1024> in{};
  for (const std::size_t length : {0U, 3U, 64U, 65U, 255U, 1024U})
    for (const std::size_t key_length : {0U, 32U}) {
      std::uint32_t a = 0xdead4bad * static_cast<std::uint32_t>(length), b = 1;
      for (auto& byte : in) {  // RFC 7693 appendix E, selftest_seq
        const std::uint32_t t = a + b;
        a = b;
        b = t;
        byte = static_cast<std::uint8_t>(t >> 24);
      }
      const std::span<const std::uint8_t> sequence = in;
      Blake2s one(sequence.first(key_length));
      Digest digest;
      one.update(sequence.first(length)).finish(digest);
      all.update(digest);
    }
  EXPECT_EQ(digest_of(all), digest_in("d0d976fb4eec0bf703f44ff4f4d4d068b4c862517af81d0e4002bfee956896f2"));
}

TEST(Blake2sTest, PiecesMakeTheSameDigestAndFinishLeavesZeros) {
  std::array<std::uint8_t, 1000> data;
  data.fill(0x5a);
  Blake2s whole;
  whole.update(data);
  const auto expected = digest_of(whole);
  Blake2s pieces;
  for (std::size_t at = 0; at < data.size(); at += 7)
    pieces.update(std::span(data).subspan(at, std::min<std::size_t>(7, data.size() - at)));
  EXPECT_EQ(digest_of(pieces), expected);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&pieces);
  EXPECT_TRUE(std::all_of(bytes, bytes + sizeof(pieces), [](auto byte) { return byte == 0; }));
  pieces.begin({});
  pieces.update(data);
  EXPECT_EQ(digest_of(pieces), expected);
}

}  // namespace
}  // namespace qeaas
