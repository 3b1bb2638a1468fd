// SPDX-License-Identifier: GPL-3.0-or-later
// Limits of names, quotas and credentials, each with the words that a person sees.
#include "access/identity.hpp"

#include <gmock/gmock.h>
#include <string>

#include "access/test_folder.hpp"
#include "base/hex.hpp"
#include "crypto/hash.hpp"

namespace qeaas::access {
namespace {

using ::testing::HasSubstr;

template <class T>
void expect_fault(const Outcome<T>& outcome, Error error, const std::string& words) {
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().error, error);
  EXPECT_THAT(outcome.error().text, HasSubstr(words));
}

TEST(Identity, KindsHaveNamesBothWays) {
  for (int i = 0; i < 5; ++i) {
    const auto kind = static_cast<CredentialKind>(i);
    EXPECT_EQ(credential_kind(name(kind)), kind);
  }
  EXPECT_EQ(credential_kind("password"), std::nullopt);
}

TEST(Identity, NameIsShortPrintableUtf8) {
  EXPECT_TRUE(valid_name("x"));
  EXPECT_TRUE(valid_name("capteur n\xc2\xb0 7"));
  EXPECT_TRUE(valid_name(std::string(64, 'n')));
  expect_fault(valid_name(""), Error::out_of_range, "1 to 64 bytes");
  expect_fault(valid_name(std::string(65, 'n')), Error::out_of_range, "the name has 65 bytes");
  expect_fault(valid_name("\xff"), Error::malformed, "not UTF-8");
  expect_fault(valid_name("a\x1b[2J"), Error::malformed, "control character");
  expect_fault(valid_name("a\x7f"), Error::malformed, "control character");
}

TEST(Identity, PskIsSixteenToSixtyFourBytes) {
  EXPECT_TRUE(Credential::psk(std::string(64, 'i'), pattern_bytes(16, 0)));
  EXPECT_TRUE(Credential::psk("i", pattern_bytes(64, 0)));
  expect_fault(Credential::psk("i", pattern_bytes(15, 0)), Error::out_of_range, "15 bytes; 16 to 64");
  expect_fault(Credential::psk("i", pattern_bytes(65, 0)), Error::out_of_range, "65 bytes; 16 to 64");
  expect_fault(Credential::psk("", pattern_bytes(32, 0)), Error::out_of_range, "the PSK identity has 0 bytes");
  expect_fault(Credential::psk(std::string(65, 'i'), pattern_bytes(32, 0)), Error::out_of_range, "1 to 64 bytes");
  expect_fault(Credential::psk("\xc3", pattern_bytes(32, 0)), Error::malformed, "not UTF-8");
}

TEST(Identity, CertificateAndRawKeyAreTheHashOfTheirSpki) {
  const auto spki = fake_spki(7);
  const auto expected = to_hex(sha256(spki));
  const auto certificate = Credential::certificate(spki);
  const auto raw = Credential::raw_public_key(spki);
  ASSERT_TRUE(certificate && raw);
  EXPECT_EQ(certificate->text(), expected);
  EXPECT_EQ(certificate->kind(), CredentialKind::certificate);
  EXPECT_EQ(raw->text(), expected);
  EXPECT_EQ(raw->kind(), CredentialKind::raw_public_key);
  EXPECT_TRUE(raw->key().empty());
  expect_fault(Credential::certificate(pattern_bytes(44, 1)), Error::malformed, "openssl pkey");
  expect_fault(Credential::raw_public_key({}), Error::malformed, "SubjectPublicKeyInfo");
}

TEST(Identity, DigestIsSixtyFourHexDigits) {
  const std::string digits(64, 'A');
  const auto made = Credential::by_digest(CredentialKind::certificate, digits);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->text(), std::string(64, 'a'));
  expect_fault(Credential::by_digest(CredentialKind::certificate, "abcd"), Error::malformed, "64 hexadecimal digits");
  expect_fault(Credential::by_digest(CredentialKind::token, std::string(64, 'g')), Error::malformed, "64 hexadecimal digits");
  expect_fault(Credential::by_digest(CredentialKind::psk, digits), Error::unsupported, "psk is not known by a hash");
  expect_fault(Credential::by_digest(CredentialKind::anonymous, digits), Error::unsupported, "not known by a hash");
}

TEST(Identity, TokenIsKeptAsItsHashOnly) {
  const auto secret = pattern_bytes(16, 'a');
  const auto made = Credential::token(secret);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->text(), to_hex(sha256(secret)));
  EXPECT_TRUE(made->key().empty());
  expect_fault(Credential::token(pattern_bytes(15, 0)), Error::out_of_range, "16 to 512");
  expect_fault(Credential::token(pattern_bytes(513, 0)), Error::out_of_range, "513 bytes");
}

TEST(Identity, QuotaLimits) {
  EXPECT_TRUE(valid_quota({}));
  EXPECT_TRUE(valid_quota({kMaxBytesPerSecond, kMaxBurstBytes, kMaxBytesPerDay}));
  expect_fault(valid_quota({kMaxBytesPerSecond + 1, 0, 0}), Error::out_of_range, "bytes_per_second");
  expect_fault(valid_quota({1, kMaxBurstBytes + 1, 0}), Error::out_of_range, "burst_bytes is 2147483649");
  expect_fault(valid_quota({0, 0, kMaxBytesPerDay + 1}), Error::out_of_range, "bytes_per_day");
  expect_fault(valid_quota({0, 5, 0}), Error::out_of_range, "give both or neither");
}

TEST(Identity, BurstDefaultsToOneSecondButHoldsTheLargestAnswer) {
  EXPECT_EQ(effective_burst({100, 0, 0}), kLargestAnswerBytes);
  EXPECT_EQ(effective_burst({1'000'000, 0, 0}), 1'000'000U);
  EXPECT_EQ(effective_burst({1'000'000, 5, 0}), 5U);
  EXPECT_EQ(effective_burst({kMaxBytesPerSecond, 0, 0}), kMaxBurstBytes);
}

}  // namespace
}  // namespace qeaas::access
