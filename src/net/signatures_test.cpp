// SPDX-License-Identifier: GPL-3.0-or-later
// Signature algorithms by every way in which people write them.
#include "net/signatures.hpp"

#include <gtest/gtest.h>

namespace qeaas {

TEST(Signatures, EveryNameFindsItsAlgorithm) {
  for (const auto algorithm : kSignatureAlgorithms) EXPECT_EQ(find_signature(name(algorithm)), algorithm);
  EXPECT_EQ(find_signature("ml_dsa_65"), SignatureAlgorithm::ml_dsa_65);
  EXPECT_EQ(find_signature("MLDSA87"), SignatureAlgorithm::ml_dsa_87);
  for (const auto* one : {"ecdsa", "p256", "ECDSA-P256", "ECDSA P-256", "ecdsa_secp256r1_sha256"})
    EXPECT_EQ(find_signature(one), SignatureAlgorithm::ecdsa_p256) << one;
  for (const auto* one : {"", "ML-DSA", "ML-DSA-66", "RSA", "Ed25519"}) EXPECT_FALSE(find_signature(one)) << one;
}

TEST(Signatures, CodePointsAreThoseOfTheRegistry) {
  EXPECT_EQ(code_point(SignatureAlgorithm::ml_dsa_44), 0x0904);
  EXPECT_EQ(code_point(SignatureAlgorithm::ml_dsa_65), 0x0905);
  EXPECT_EQ(code_point(SignatureAlgorithm::ml_dsa_87), 0x0906);
  EXPECT_EQ(code_point(SignatureAlgorithm::ecdsa_p256), 0x0403);
}

TEST(Signatures, OrderIsKeptAndNothingComesTwice) {
  const std::vector<std::string> names{"ML-DSA-87", "ecdsa", "mldsa87", "ML-DSA-65"};
  EXPECT_EQ(parse_signatures(names).value(),
            (std::vector{SignatureAlgorithm::ml_dsa_87, SignatureAlgorithm::ecdsa_p256, SignatureAlgorithm::ml_dsa_65}));
}

TEST(Signatures, BadListsSayWhatIsKnown) {
  const auto unknown = parse_signatures(std::vector<std::string>{"ML-DSA-44", "RSA"});
  EXPECT_EQ(unknown.error().error, Error::unknown);
  EXPECT_NE(unknown.error().text.find("'RSA'; known are ML-DSA-44, ML-DSA-65, ML-DSA-87, P-256"), std::string::npos)
      << unknown.error().text;
  EXPECT_EQ(parse_signatures({}).error().error, Error::out_of_range);
}

}  // namespace qeaas
