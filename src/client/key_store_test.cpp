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

const Credential& ml_dsa_44(const Outcome<ServerKeys>& keys) { return keys->find(SignatureAlgorithm::ml_dsa_44)->leaf; }
const Credential& p256(const Outcome<ServerKeys>& keys) { return keys->find(SignatureAlgorithm::ecdsa_p256)->leaf; }

class KeyStore : public Test {
 protected:
  KeyStore() { static_cast<void>(initialise_crypto(os_seed)); }

  Outcome<ServerKeys> load(std::vector<std::string> names = {}) { return load_or_make_server_keys(folder(), names); }
  Outcome<ServerKeys> want(std::vector<SignatureAlgorithm> wanted) { return load_or_make_server_keys(folder(), {}, wanted); }
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
  ASSERT_EQ(first->entries.size(), 2u);
  EXPECT_EQ(first->entries[0].algorithm, SignatureAlgorithm::ml_dsa_44);
  EXPECT_EQ(first->entries[1].algorithm, SignatureAlgorithm::ecdsa_p256);
  for (const auto& entry : first->entries) EXPECT_EQ(certificate_algorithm(entry.leaf.certificate), entry.algorithm);
  const auto before = snapshot();
  auto second = load();
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_TRUE(second->written.empty());
  EXPECT_EQ(before, snapshot());
  EXPECT_EQ(ml_dsa_44(first).certificate, ml_dsa_44(second).certificate);
  EXPECT_TRUE(std::ranges::equal(p256(first).private_key.span(), p256(second).private_key.span()));
}

TEST_F(KeyStore, KeepsKeysPrivate) {
  ASSERT_TRUE(load());
  EXPECT_EQ(mode(folder()), 0700u);
  for (const auto& file : kAllFiles) EXPECT_EQ(mode(folder() / file), file.ends_with(".key") ? 0600u : 0644u) << file;
}

TEST_F(KeyStore, CertificatesLastAsDocumentedAndCarryTheNames) {
  const auto keys = load();
  ASSERT_TRUE(keys) << keys.error().text;
  for (const auto& entry : keys->entries) {
    const auto& leaf = entry.leaf.certificate;
    EXPECT_NEAR(days_left(leaf).value(), kLeafDays, 2);
    for (const auto* name : {"localhost", "127.0.0.1", "::1"}) EXPECT_TRUE(certificate_names(leaf, name)) << name;
    for (const auto& name : keys->names) EXPECT_TRUE(certificate_names(leaf, name)) << name;
    EXPECT_FALSE(certificate_names(leaf, "example.org"));
    EXPECT_NEAR(days_left(entry.root).value(), kCaDays, 2);
  }
}

TEST_F(KeyStore, RenewIssuesLeavesForTheSameKeysUnderTheSameCa) {
  const auto before = load();
  ASSERT_TRUE(before);
  const auto after = reissue_server_keys(folder());
  ASSERT_TRUE(after) << after.error().text;
  EXPECT_EQ(after->written, (std::vector<std::string>{"server-mldsa44.pem", "server-p256.pem"}));
  EXPECT_NE(ml_dsa_44(before).certificate, ml_dsa_44(after).certificate);
  EXPECT_EQ(spki_sha256(ml_dsa_44(before).certificate).value(), spki_sha256(ml_dsa_44(after).certificate).value());
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(before->entries[i].root, after->entries[i].root);
}

TEST_F(KeyStore, AddsNamesAndRemembersThem) {
  ASSERT_TRUE(load());
  const auto added = load({"qrng.example.org", "192.0.2.7"});
  ASSERT_TRUE(added) << added.error().text;
  EXPECT_TRUE(certificate_names(p256(added).certificate, "qrng.example.org"));
  EXPECT_TRUE(certificate_names(ml_dsa_44(added).certificate, "192.0.2.7"));
  EXPECT_EQ(mode(folder() / "sans.txt"), 0600u);
  const auto again = reissue_server_keys(folder());
  ASSERT_TRUE(again);
  EXPECT_TRUE(certificate_names(p256(again).certificate, "qrng.example.org"));
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
    return key_from_pem(bytes_of(text)).value();
  };
  const auto ca = content(folder() / "ca.pem");
  const auto roots = certificates_from_pem(bytes_of(ca)).value();
  const auto short_lived =
      make_leaf(read("server-p256.key"), {"qeaas server", {"localhost", "127.0.0.1", "::1"}, kReissueBelowDays - 5, true},
                read("ca-p256.key"), roots[1])
          .value();
  put("server-p256.pem", certificate_to_pem(short_lived));
  const auto keys = load();
  ASSERT_TRUE(keys) << keys.error().text;
  EXPECT_EQ(keys->written, std::vector<std::string>{"server-p256.pem"});
  EXPECT_GT(days_left(p256(keys).certificate).value(), kReissueBelowDays);
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
  const auto key = key_from_pem(bytes_of(text)).value();
  const auto ca = content(folder() / "ca.pem");
  const auto roots = certificates_from_pem(bytes_of(ca)).value();
  put("ca.pem", certificate_to_pem(roots[0]) + certificate_to_pem(make_root(key, "qeaas CA P-256", 0).value()));
  EXPECT_EQ(fault_of("has expired"), Error::not_trusted);
}

const std::vector<std::string> kFilesOf87{"ca-mldsa87.key", "ca.pem", "server-mldsa87.key", "server-mldsa87.pem"};

TEST_F(KeyStore, AFurtherAlgorithmIsAddedAndNothingElseChanges) {
  ASSERT_TRUE(load());
  const auto before = snapshot();
  const auto keys = want({SignatureAlgorithm::ml_dsa_87, SignatureAlgorithm::ml_dsa_44});
  ASSERT_TRUE(keys) << keys.error().text;
  EXPECT_EQ(keys->written, kFilesOf87);
  ASSERT_EQ(keys->entries.size(), 3u);
  const auto* added = keys->find(SignatureAlgorithm::ml_dsa_87);
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(certificate_algorithm(added->leaf.certificate), SignatureAlgorithm::ml_dsa_87);
  EXPECT_EQ(issuer_algorithm(added->leaf.certificate), SignatureAlgorithm::ml_dsa_87) << "no chain is weaker than its leaf";
  EXPECT_EQ(keys->find(SignatureAlgorithm::ml_dsa_65), nullptr);
  const auto after = snapshot();
  for (const auto& [file, text] : before) EXPECT_TRUE(after.at(file).starts_with(text)) << file << ": what clients had stays, and in front";
}

TEST_F(KeyStore, AnAlgorithmThatWasAddedStays) {
  ASSERT_TRUE(want({SignatureAlgorithm::ml_dsa_65, SignatureAlgorithm::ml_dsa_87}));
  const auto before = snapshot();
  const auto keys = load();
  ASSERT_TRUE(keys) << keys.error().text;
  EXPECT_TRUE(keys->written.empty());
  EXPECT_EQ(keys->entries.size(), 4u);
  EXPECT_EQ(before, snapshot());
  const auto renewed = reissue_server_keys(folder());
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->written,
            (std::vector<std::string>{"server-mldsa44.pem", "server-p256.pem", "server-mldsa65.pem", "server-mldsa87.pem"}));
}

TEST_F(KeyStore, AnInterruptedAdditionGoesOn) {
  ASSERT_TRUE(load());
  const auto without = content(folder() / "ca.pem");
  ASSERT_TRUE(want({SignatureAlgorithm::ml_dsa_87}));
  for (std::size_t kept = 1; kept < kFilesOf87.size(); ++kept) {
    const auto key = content(folder() / "ca-mldsa87.key");
    for (std::size_t i = kept; i < kFilesOf87.size(); ++i)
      if (kFilesOf87[i] == "ca.pem")
        put("ca.pem", without);
      else
        fs::remove(folder() / kFilesOf87[i]);
    const auto keys = load();  // the file that is there is asking enough
    ASSERT_TRUE(keys) << kept << ": " << keys.error().text;
    EXPECT_EQ(keys->written, std::vector<std::string>(kFilesOf87.begin() + static_cast<std::ptrdiff_t>(kept), kFilesOf87.end()));
    EXPECT_EQ(content(folder() / "ca-mldsa87.key"), key);
  }
}

TEST_F(KeyStore, DamageOfAnAddedAlgorithmIsAFaultToo) {
  ASSERT_TRUE(want({SignatureAlgorithm::ml_dsa_87}));
  for (const auto& file : kFilesOf87) {
    const auto good = content(folder() / file);
    put(file, good.substr(0, good.size() / 2));
    EXPECT_EQ(fault_of(file), Error::malformed) << file;
    if (file.ends_with(".key")) {
      fs::remove(folder() / file);
      EXPECT_EQ(fault_of(file + " is missing"), Error::not_found) << file;
    }
    put(file, good);
    fs::permissions(folder() / file, fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_TRUE(load());
}

TEST_F(KeyStore, CaPemHoldsOneRootOfEachAlgorithmAndNoOthers) {
  ASSERT_TRUE(load());
  const auto good = content(folder() / "ca.pem");
  put("ca.pem", good + good);
  EXPECT_EQ(fault_of("one CA certificate for each algorithm"), Error::malformed);
}

TEST_F(KeyStore, ALeafWithoutItsAuthorityIsAFault) {
  ASSERT_TRUE(load());
  for (const auto* file : {"ca.pem", "ca-mldsa44.key", "ca-p256.key"}) fs::remove(folder() / file);
  EXPECT_EQ(fault_of("ca-mldsa44.key is missing, although server-mldsa44.pem is there"), Error::not_found);
}

}  // namespace
}  // namespace qeaas
