// SPDX-License-Identifier: GPL-3.0-or-later
#include "crypto/cert.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "crypto/random.hpp"

namespace qeaas {
namespace {

class CertTest : public testing::TestWithParam<SignatureAlgorithm> {
 protected:
  void SetUp() override { ASSERT_TRUE(initialise_crypto(os_seed)); }
};

TEST_P(CertTest, RootAndLeafAreMadeAndReadBack) {
  const auto ca_key = make_key_pair(GetParam());
  const auto key = make_key_pair(GetParam());
  ASSERT_TRUE(ca_key && key);
  const auto root = make_root(*ca_key, "test root", 10);
  ASSERT_TRUE(root);
  const auto leaf = make_leaf(*key, {"server", {"localhost", "127.0.0.1", "::1"}, 5, true}, *ca_key, *root);
  ASSERT_TRUE(leaf);
  EXPECT_EQ(certificate_algorithm(*leaf), GetParam());
  EXPECT_GE(days_left(*leaf).value(), 4);
  EXPECT_LE(days_left(*leaf).value(), 5);
  EXPECT_NE(spki_sha256(*leaf).value(), spki_sha256(*root).value());

  const auto chain = certificate_to_pem(*root) + certificate_to_pem(*leaf);
  const auto read = certificates_from_pem(bytes_of(chain));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[1], *leaf);
}

TEST_P(CertTest, ManyNamesOfEveryLength) {
  const auto key = make_key_pair(GetParam());
  const auto root = make_root(*key, "test root", 10);
  for (const std::size_t count : {1U, 8U, 20U, 100U}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("host" + std::to_string(i) + ".example");
    const auto leaf = make_leaf(*key, {"server", names, 5, true}, *key, *root);
    ASSERT_TRUE(leaf) << count;
    EXPECT_EQ(certificate_algorithm(*leaf), GetParam()) << count;
  }
}

TEST_P(CertTest, NamesAreComparedAsTheyShould) {
  const auto key = make_key_pair(GetParam());
  const auto root = make_root(*key, "r", 1);
  const auto leaf = make_leaf(*key, {"cn.example", {"localhost", "a.example", "*.wild.example", "10.0.0.1", "::1"}, 1, true}, *key, *root);
  ASSERT_TRUE(leaf);
  for (const auto* good : {"localhost", "LocalHost", "a.example", "x.wild.example", "10.0.0.1", "::1", "0:0::1"})
    EXPECT_TRUE(certificate_names(*leaf, good)) << good;
  for (const auto* bad : {"", "local", "b.example", "cn.example", "wild.example", ".wild.example", "x.y.wild.example", "10.0.0.2", "::2"})
    EXPECT_FALSE(certificate_names(*leaf, bad)) << bad;
  EXPECT_FALSE(certificate_names(*root, "localhost")) << "no names at all";
}

TEST_P(CertTest, KeysSurvivePem) {
  const auto key = make_key_pair(GetParam());
  ASSERT_TRUE(key);
  const auto again = key_from_pem(key_to_pem(*key).span());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->algorithm, GetParam());
  EXPECT_EQ(public_key_info(*again).value(), public_key_info(*key).value());
  const auto private_part = handshake_key(*again);
  ASSERT_TRUE(private_part);
  EXPECT_LE(private_part->size(), again->private_key.size());
}

TEST_P(CertTest, TheRootsOwnIdentityIsItsKeys) {
  const auto key = make_key_pair(GetParam());
  const auto root = make_root(*key, "r", 1);
  ASSERT_TRUE(root);
  EXPECT_EQ(make_root(*key, "another name", 9).has_value(), true);
  EXPECT_EQ(spki_sha256(*root).value(), spki_sha256(*make_root(*key, "another name", 9)).value());
}

TEST_P(CertTest, OnlyItsOwnAlgorithmReadsAKey) {
  const auto key = make_key_pair(GetParam());
  for (const auto algorithm : kSignatureAlgorithms)
    EXPECT_EQ(public_key_info({algorithm, SecretBytes(key->private_key.span())}).has_value(), algorithm == GetParam()) << name(algorithm);
}

TEST_P(CertTest, ALeafTellsWhatItsIssuerSignedWith) {
  const auto key = make_key_pair(GetParam());
  for (const auto algorithm : kSignatureAlgorithms) {
    const auto ca_key = make_key_pair(algorithm);
    const auto leaf = make_leaf(*key, {"server", {"localhost"}, 5, true}, *ca_key, *make_root(*ca_key, "root", 10));
    ASSERT_TRUE(leaf) << name(algorithm);
    EXPECT_EQ(certificate_algorithm(*leaf), GetParam());
    EXPECT_EQ(issuer_algorithm(*leaf), algorithm);
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, CertTest, testing::ValuesIn(kSignatureAlgorithms), [](const auto& test) {
  std::string text(name(test.param));
  std::erase(text, '-');
  return text;
});

struct Sizes {
  SignatureAlgorithm algorithm;
  std::size_t public_key;   // FIPS 204 table 2
  std::size_t private_key;  // likewise
  std::size_t signature;    // likewise
};
class MlDsaSizes : public testing::TestWithParam<Sizes> {};
// Keys and signatures have the sizes of the standard, so that no level passes for another: what surrounds them is short.
TEST_P(MlDsaSizes, AreThoseOfFips204) {
  ASSERT_TRUE(initialise_crypto(os_seed));
  const auto& sizes = GetParam();
  const auto key = make_key_pair(sizes.algorithm);
  ASSERT_TRUE(key);
  EXPECT_EQ(public_key_info(*key)->size(), sizes.public_key + 22);
  const auto private_part = handshake_key(*key)->size();
  EXPECT_GE(private_part, sizes.private_key + 20);
  EXPECT_LE(private_part, sizes.private_key + 40);
  const auto root = make_root(*key, "root", 10);
  EXPECT_GE(root->size(), sizes.public_key + sizes.signature + 200);
  EXPECT_LE(root->size(), sizes.public_key + sizes.signature + 500);
}
INSTANTIATE_TEST_SUITE_P(Levels, MlDsaSizes,
                         testing::Values(Sizes{SignatureAlgorithm::ml_dsa_44, 1312, 2560, 2420},
                                         Sizes{SignatureAlgorithm::ml_dsa_65, 1952, 4032, 3309},
                                         Sizes{SignatureAlgorithm::ml_dsa_87, 2592, 4896, 4627}),
                         [](const auto& test) { return "bytes" + std::to_string(test.param.public_key); });

TEST(Cert, BadInputIsRefused) {
  ASSERT_TRUE(initialise_crypto(os_seed));
  EXPECT_EQ(certificates_from_pem(bytes_of("nothing here")).error(), Error::malformed);
  EXPECT_EQ(certificates_from_pem(bytes_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")).error(), Error::malformed);
  EXPECT_EQ(certificates_from_pem(bytes_of("-----BEGIN CERTIFICATE-----\nAAAA")).error(), Error::malformed);
  EXPECT_EQ(key_from_pem(bytes_of("-----BEGIN CERTIFICATE-----")).error(), Error::malformed);
  const auto no_key = std::regex_replace(certificate_to_pem(bytes_of(std::string_view("0\0", 2))), std::regex("CERTIFICATE"),
                                         "PRIVATE KEY");  // an empty sequence
  EXPECT_EQ(key_from_pem(bytes_of(no_key)).error(), Error::unsupported);
  EXPECT_EQ(spki_sha256(bytes_of("0")).error(), Error::malformed);
  EXPECT_EQ(certificate_algorithm(bytes_of("0")).error(), Error::malformed);
  EXPECT_EQ(issuer_algorithm(bytes_of("0")).error(), Error::malformed);
  EXPECT_EQ(days_left(bytes_of("0")).error(), Error::malformed);
  const auto key = make_key_pair(SignatureAlgorithm::ecdsa_p256);
  const auto root = make_root(*key, "root", 1);
  EXPECT_EQ(make_leaf(*key, {"x", {"bad name"}, 1, true}, *key, *root).error(), Error::malformed);
  EXPECT_EQ(make_root(*key, "", 1).error(), Error::malformed);
}

TEST(Cert, WithoutASeedNoKeyIsMade) {
  ASSERT_TRUE(initialise_crypto([](MutableBytes) noexcept { return Status(fail(Error::starved)); }));
  EXPECT_EQ(make_key_pair(SignatureAlgorithm::ml_dsa_44).error(), Error::crypto);
  ASSERT_TRUE(initialise_crypto(os_seed));
  EXPECT_TRUE(make_key_pair(SignatureAlgorithm::ml_dsa_44));
}

}  // namespace
}  // namespace qeaas
