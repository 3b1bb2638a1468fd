// SPDX-License-Identifier: GPL-3.0-or-later
// Credentials: what a person writes, and each way of writing it wrong.
#include "client/credentials.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sys/stat.h>

#include "client/test_folder.hpp"

namespace qeaas {
namespace {

class Credentials : public testing::Test {
 protected:
  std::string put(const std::string& text, ::mode_t mode = 0600) const {
    const auto path = (folder_.path() / "key").string();
    std::ofstream(path, std::ios::trunc) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  Error psk_error(const std::string& text) const { return read_psk("id:" + put(text)).error().error; }

  TestFolder folder_;
};

TEST_F(Credentials, GroupsHaveADefaultAndAnOrder) {
  EXPECT_EQ(read_groups("")->size(), 4U);
  EXPECT_EQ(read_groups("P-256,MLKEM512")->size(), 2U);
  EXPECT_EQ(read_groups("P-256,MLKEM512")->at(0), read_groups("P-256")->at(0));
  EXPECT_NE(read_groups("MLKEM512,Kyber").error().text.find("Kyber"), std::string::npos);
  EXPECT_FALSE(read_groups("MLKEM512,"));
}

TEST_F(Credentials, SignaturesHaveNoDefaultWhichMeansAll) {
  EXPECT_TRUE(read_signatures("")->empty());
  EXPECT_EQ(read_signatures("ML-DSA-87,ecdsa").value(), (std::vector{SignatureAlgorithm::ml_dsa_87, SignatureAlgorithm::ecdsa_p256}));
  EXPECT_EQ(read_signatures("ML-DSA-87,RSA").error().error, Error::unknown);
  EXPECT_FALSE(read_signatures("ML-DSA-87,"));
}

TEST_F(Credentials, APskIsAnIdentityAndAFile) {
  const auto psk = read_psk("a:b:" + put("00112233445566778899aabbccddeeff \r\n"));  // the last colon divides
  ASSERT_TRUE(psk) << psk.error().text;
  EXPECT_EQ(psk->identity, "a:b");
  EXPECT_EQ(psk->key.size(), 16U);
  EXPECT_EQ(psk->key.span()[15], 0xFF);
}

TEST_F(Credentials, APlaceIsCheckedWithoutItsFile) {
  EXPECT_TRUE(check_psk_place("id:/none/key"));
  EXPECT_EQ(read_psk("id:/none/key").error().error, Error::not_found);
  for (const auto* place : {"", "id", ":file", "id:"}) EXPECT_EQ(check_psk_place(place).error().error, Error::malformed) << place;
  EXPECT_EQ(check_psk_place(std::string(65, 'i') + ":file").error().error, Error::out_of_range);
  EXPECT_EQ(check_psk_place("\xff:file").error().error, Error::out_of_range);
}

TEST_F(Credentials, AKeyFileIsPrivateAndHexadecimal) {
  const std::string key = "00112233445566778899aabbccddeeff";
  EXPECT_EQ(read_psk("id:" + put(key, 0640)).error().error, Error::refused);
  EXPECT_EQ(psk_error(key.substr(2)), Error::out_of_range);
  EXPECT_EQ(psk_error(key + key + key + key + "00"), Error::out_of_range);
  EXPECT_EQ(psk_error("no key"), Error::malformed);
  EXPECT_EQ(psk_error("\n"), Error::out_of_range);
}

TEST_F(Credentials, RootsAreCertificates) {
  EXPECT_EQ(read_roots("/none/ca.pem").error().error, Error::not_found);
  EXPECT_EQ(read_roots(put("no certificate")).error().error, Error::malformed);
}

}  // namespace
}  // namespace qeaas
