// SPDX-License-Identifier: GPL-3.0-or-later
// Key store: what is made, with which modes; what is kept; what is issued again; every damage is a fault that changes nothing.
#include "client/key_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>

#include "client/test_folder.hpp"
#include "crypto/random.hpp"

namespace qeaas {
namespace {

namespace fs = std::filesystem;
using ::testing::Test;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

unsigned mode(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777u : 0u;
}

class KeyStore : public Test {
 protected:
  KeyStore() { static_cast<void>(initialise_crypto(os_seed)); }

  Outcome<ServerKeys> load(std::vector<std::string> names = {}) { return load_or_make_server_keys(folder(), names); }
  fs::path folder() const { return scratch_.path() / "state"; }
  void put(const std::string& file, const std::string& text) { std::ofstream(folder() / file, std::ios::trunc) << text; }
  std::map<std::string, std::string> snapshot() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder())) all[entry.path().filename()] = content(entry.path());
    return all;
  }
  // fault_of expects a fault that mentions `words` and leaves the folder alone.
  Error fault_of(const std::string& words) {
    const auto before = snapshot();
    const auto keys = load();
    EXPECT_FALSE(keys.has_value());
    if (keys) return Error::crypto;
    EXPECT_NE(keys.error().text.find(words), std::string::npos) << keys.error().text;
    EXPECT_EQ(before, snapshot());
    return keys.error().error;
  }

 private:
  TestFolder scratch_;
};

const std::vector<std::string> kAllFiles{"ca-mldsa44.key",     "ca-p256.key",     "ca.pem",         "server-mldsa44.key",
                                         "server-mldsa44.pem", "server-p256.key", "server-p256.pem"};

TEST_F(KeyStore, MakesEverythingOnce) {
  auto first = load();
  ASSERT_TRUE(first) << first.error().text;
  auto written = first->written;
  std::ranges::sort(written);
  EXPECT_EQ(written, kAllFiles);
  EXPECT_EQ(first->roots.size(), 2u);
  EXPECT_EQ(certificate_algorithm(first->ml_dsa_44.certificate), SignatureAlgorithm::ml_dsa_44);
  EXPECT_EQ(certificate_algorithm(first->p256.certificate), SignatureAlgorithm::ecdsa_p256);
  const auto before = snapshot();
  auto second = load();
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_TRUE(second->written.empty());
  EXPECT_EQ(before, snapshot());
  EXPECT_EQ(first->ml_dsa_44.certificate, second->ml_dsa_44.certificate);
  EXPECT_TRUE(std::ranges::equal(first->p256.private_key.span(), second->p256.private_key.span()));
}

TEST_F(KeyStore, KeepsKeysPrivate) {
  ASSERT_TRUE(load());
  EXPECT_EQ(mode(folder()), 0700u);
  for (const auto& file : kAllFiles) EXPECT_EQ(mode(folder() / file), file.ends_with(".key") ? 0600u : 0644u) << file;
}

TEST_F(KeyStore, CertificatesLastAsDocumentedAndCarryTheNames) {
  const auto keys = load();
  ASSERT_TRUE(keys) << keys.error().text;
  for (const auto* leaf : {&keys->ml_dsa_44.certificate, &keys->p256.certificate}) {
    EXPECT_NEAR(days_left(*leaf).value(), kLeafDays, 2);
    for (const auto* name : {"localhost", "127.0.0.1", "::1"}) EXPECT_TRUE(certificate_names(*leaf, name)) << name;
    for (const auto& name : keys->names) EXPECT_TRUE(certificate_names(*leaf, name)) << name;
    EXPECT_FALSE(certificate_names(*leaf, "example.org"));
  }
  for (const auto& root : keys->roots) EXPECT_NEAR(days_left(root).value(), kCaDays, 2);
}

TEST_F(KeyStore, RenewIssuesLeavesForTheSameKeysUnderTheSameCa) {
  const auto before = load();
  ASSERT_TRUE(before);
  const auto after = reissue_server_keys(folder());
  ASSERT_TRUE(after) << after.error().text;
  EXPECT_EQ(after->written, (std::vector<std::string>{"server-mldsa44.pem", "server-p256.pem"}));
  EXPECT_NE(before->ml_dsa_44.certificate, after->ml_dsa_44.certificate);
  EXPECT_EQ(spki_sha256(before->ml_dsa_44.certificate).value(), spki_sha256(after->ml_dsa_44.certificate).value());
  EXPECT_EQ(before->roots, after->roots);
}

TEST_F(KeyStore, AddsNamesAndRemembersThem) {
  ASSERT_TRUE(load());
  const auto added = load({"qrng.example.org", "192.0.2.7"});
  ASSERT_TRUE(added) << added.error().text;
  EXPECT_TRUE(certificate_names(added->p256.certificate, "qrng.example.org"));
  EXPECT_TRUE(certificate_names(added->ml_dsa_44.certificate, "192.0.2.7"));
  EXPECT_EQ(mode(folder() / "sans.txt"), 0600u);
  const auto again = reissue_server_keys(folder());
  ASSERT_TRUE(again);
  EXPECT_TRUE(certificate_names(again->p256.certificate, "qrng.example.org"));
}

TEST_F(KeyStore, RefusesANameThatNoCertificateCanCarry) {
  ASSERT_TRUE(load());
  const auto before = snapshot();
  const auto keys = load({"not a name"});
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().error, Error::malformed);
  EXPECT_NE(keys.error().text.find("not a name"), std::string::npos);
  EXPECT_EQ(before, snapshot());
}

TEST_F(KeyStore, ReissuesALeafThatRunsOut) {
  ASSERT_TRUE(load());
  const auto read = [this](const std::string& file) {
    const auto text = content(folder() / file);
    return key_from_pem({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).value();
  };
  const auto ca = content(folder() / "ca.pem");
  const auto roots = certificates_from_pem({reinterpret_cast<const std::uint8_t*>(ca.data()), ca.size()}).value();
  const auto short_lived =
      make_leaf(read("server-p256.key"), {"qeaas server", {"localhost", "127.0.0.1", "::1"}, kReissueBelowDays - 5, true},
                read("ca-p256.key"), roots[1])
          .value();
  put("server-p256.pem", certificate_to_pem(short_lived));
  const auto keys = load();
  ASSERT_TRUE(keys) << keys.error().text;
  EXPECT_EQ(keys->written, std::vector<std::string>{"server-p256.pem"});
  EXPECT_GT(days_left(keys->p256.certificate).value(), kReissueBelowDays);
}

TEST_F(KeyStore, GoesOnAfterAnInterruptedStart) {
  const auto first = load();
  ASSERT_TRUE(first);
  // The order of writing; an interruption leaves any number of the first ones.
  const std::vector<std::string> order{"ca-mldsa44.key",  "ca-p256.key",        "ca.pem",         "server-mldsa44.key",
                                       "server-p256.key", "server-mldsa44.pem", "server-p256.pem"};
  for (std::size_t kept = 0; kept < order.size(); ++kept) {
    const auto before = snapshot();
    for (std::size_t i = kept; i < order.size(); ++i) fs::remove(folder() / order[i]);
    const auto keys = load();
    ASSERT_TRUE(keys) << kept << ": " << keys.error().text;
    EXPECT_EQ(keys->written, std::vector<std::string>(order.begin() + static_cast<std::ptrdiff_t>(kept), order.end()));
    const auto after = snapshot();
    for (std::size_t i = 0; i < kept; ++i) EXPECT_EQ(before.at(order[i]), after.at(order[i])) << order[i];
  }
}

TEST_F(KeyStore, EveryDamagedFileIsAFaultThatNamesIt) {
  ASSERT_TRUE(load());
  for (const auto& file : kAllFiles) {
    const auto good = content(folder() / file);
    put(file, good.substr(0, good.size() / 2));
    EXPECT_EQ(fault_of(file), Error::malformed) << file;
    put(file, "");
    EXPECT_EQ(fault_of(file), Error::malformed) << file;
    put(file, good);
  }
  EXPECT_TRUE(load());
}

TEST_F(KeyStore, AMissingKeyBesideItsCertificateIsAFault) {
  ASSERT_TRUE(load());
  for (const auto& file : kAllFiles) {
    if (!file.ends_with(".key")) continue;
    const auto good = content(folder() / file);
    fs::remove(folder() / file);
    EXPECT_EQ(fault_of(file + " is missing"), Error::not_found) << file;
    put(file, good);
    fs::permissions(folder() / file, fs::perms::owner_read | fs::perms::owner_write);
  }
}

TEST_F(KeyStore, FilesOfAnotherAuthorityAreAFault) {
  ASSERT_TRUE(load());
  const TestFolder elsewhere;
  ASSERT_TRUE(load_or_make_server_keys(elsewhere.path() / "state"));
  for (const auto& file : kAllFiles) {
    if (file == "server-p256.key" || file == "server-mldsa44.key") continue;
    const auto good = content(folder() / file);
    put(file, content(elsewhere.path() / "state" / file));
    EXPECT_EQ(fault_of("belong"), Error::malformed) << file;
    put(file, good);
  }
  // A leaf with its key, both of the other authority.
  for (const auto* file : {"server-p256.pem", "server-p256.key"}) put(file, content(elsewhere.path() / "state" / file));
  EXPECT_EQ(fault_of("server-p256.pem does not belong"), Error::malformed);
}

TEST_F(KeyStore, AKeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(load());
  fs::permissions(folder() / "server-p256.key", fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(fault_of("chmod 600"), Error::refused);
}

TEST_F(KeyStore, AFolderOpenToOthersIsRefused) {
  ASSERT_TRUE(load());
  fs::permissions(folder(), fs::perms::others_exec, fs::perm_options::add);
  EXPECT_EQ(fault_of("chmod 700"), Error::refused);
}

TEST_F(KeyStore, AnExpiredCaIsAFault) {
  ASSERT_TRUE(load());
  const auto text = content(folder() / "ca-p256.key");
  const auto key = key_from_pem({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).value();
  const auto ca = content(folder() / "ca.pem");
  const auto roots = certificates_from_pem({reinterpret_cast<const std::uint8_t*>(ca.data()), ca.size()}).value();
  put("ca.pem", certificate_to_pem(roots[0]) + certificate_to_pem(make_root(key, "qeaas CA P-256", 0).value()));
  EXPECT_EQ(fault_of("has expired"), Error::not_trusted);
}

}  // namespace
}  // namespace qeaas
