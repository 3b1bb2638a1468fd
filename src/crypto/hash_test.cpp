// SPDX-License-Identifier: GPL-3.0-or-later
#include "crypto/hash.hpp"

#include <gtest/gtest.h>
#include <string_view>
#include <vector>

#include "base/hex.hpp"

namespace qeaas {
namespace {

// FIPS 180-4 examples, as published with the standard.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(to_hex(sha256(bytes_of("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(Bytes())), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, AMillionTimesAInPiecesAndTheObjectIsReusable) {
  const std::vector<std::uint8_t> part(1000, 'a');
  Sha256 hash;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) hash.update(part);
    std::array<std::uint8_t, kSha256Bytes> digest;
    hash.finish(digest);
    EXPECT_EQ(to_hex(digest), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

// RFC 4231 test cases 2 and 6.
TEST(HmacSha256, PublishedVectors) {
  std::array<std::uint8_t, kSha256Bytes> tag;
  hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"), tag);
  EXPECT_EQ(to_hex(tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const std::vector<std::uint8_t> key(131, 0xaa);
  hmac_sha256(key, bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"), tag);
  EXPECT_EQ(to_hex(tag), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// FIPS 180-4, the example of one block.
TEST(Sha512Test, PublishedVector) {
  const std::string text = "abc";
  EXPECT_EQ(to_hex(sha512(bytes_of(text))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

}  // namespace
}  // namespace qeaas
