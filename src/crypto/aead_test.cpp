// SPDX-License-Identifier: GPL-3.0-or-later
#include "crypto/aead.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace qeaas {

// Test case 16 of the GCM specification (McGrew and Viega), AES-256.
TEST(Aead, PublishedVector) {
  const auto key = from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").value();
  const auto nonce = from_hex("cafebabefacedbaddecaf888").value();
  const auto associated = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2").value();
  auto text =
      from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
          .value();
  const auto plain = text;
  std::array<std::uint8_t, kAeadTagBytes> tag;
  const std::span<const std::uint8_t, kAeadKeyBytes> k(key.data(), kAeadKeyBytes);
  const std::span<const std::uint8_t, kAeadNonceBytes> n(nonce.data(), kAeadNonceBytes);
  ASSERT_TRUE(seal(k, n, associated, text, tag));
  EXPECT_EQ(to_hex(text),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
  EXPECT_EQ(to_hex(tag), "76fc6ece0f4e1768cddf8853bb2d551b");
  ASSERT_TRUE(open(k, n, associated, text, tag));
  EXPECT_EQ(text, plain);
}

TEST(Aead, TamperedTextIsRefusedAndZeroed) {
  const Secret<kAeadKeyBytes> key;
  const std::array<std::uint8_t, kAeadNonceBytes> nonce{};
  std::array<std::uint8_t, 4> text{1, 2, 3, 4};
  std::array<std::uint8_t, kAeadTagBytes> tag;
  ASSERT_TRUE(seal(std::as_const(key).span(), nonce, {}, text, tag));
  text[0] ^= 1;
  EXPECT_EQ(open(std::as_const(key).span(), nonce, {}, text, tag).error(), Error::tampered);
  EXPECT_EQ(text, (std::array<std::uint8_t, 4>{}));
}

}  // namespace qeaas
