// SPDX-License-Identifier: GPL-3.0-or-later
// The gates between the front ends and the access table: what is debited, what is given back, and what a reload in between does to it.
#include <gtest/gtest.h>
#include <malloc.h>

#include "access/test_folder.hpp"
#include "local_front.hpp"
#include "seams.hpp"

namespace qeaas {
namespace {

constexpr std::uint64_t kBurst = 200'000;

class GatesTest : public access::FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    // What is freed is overwritten, so that its use fails here without a sanitizer too. That holds for tables of several entries: glibc
    // leaves small pieces as they are.
    ::mallopt(M_PERTURB, 0xa5);
    for (std::uint8_t i = 0; i < 8; ++i)
      ASSERT_TRUE(other().add("other" + std::to_string(i), *access::Credential::token(access::pattern_bytes(32, 100 + i))));
    auto opened = access::Access::open(folder_, access::Quota{1, kBurst, kBurst});
    ASSERT_TRUE(opened) << opened.error().text;
    access_ = std::move(*opened);
  }
  void TearDown() override {
    ::mallopt(M_PERTURB, 0);
    FolderTest::TearDown();
  }
  access::Store other() const { return std::move(*access::Store::open(folder_)); }
  // change is what 'qeaas clients' does in another process, and what the daemon's timer then sees.
  void change(std::string_view identity) {
    ASSERT_TRUE(other().set_quota(identity, access::Quota{1, kBurst, 2 * kBurst}));
    const auto swapped = access_->reload_if_changed();
    ASSERT_TRUE(swapped && *swapped);
  }
  std::uint64_t left(std::string_view identity) const {
    const auto table = access_->snapshot();
    for (const auto& entry : table->entries())
      if (entry.identity.name == identity) return access::Access::allowance(entry, now())->remaining_bytes;
    return 0;
  }
  access::Instant now() const { return {now_, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())}; }

  std::unique_ptr<access::Access> access_;
  TimePoint now_ = Clock::now();
  http::Caller caller_{*Address::parse("192.0.2.1:1")};
};

TEST_F(GatesTest, AReloadBetweenTheDebitAndItsReturn) {
  AccessGate gate(*access_, {});
  http::Gate& front = gate;
  ASSERT_TRUE(front.admit(caller_, 131'072, now_));
  EXPECT_EQ(left("anonymous"), kBurst - 131'072);
  change("anonymous");
  ASSERT_TRUE(front.allowance(caller_, now_));  // the gate now reads the new snapshot; nobody holds the old one
  front.give_back(caller_, 131'072);
  EXPECT_EQ(left("anonymous"), kBurst);
  front.give_back(caller_, 131'072);  // only once
  ASSERT_TRUE(front.admit(caller_, 1, now_));
  EXPECT_EQ(left("anonymous"), kBurst - 1);
}

TEST_F(GatesTest, AnIdentityThatIsRemovedBetweenTheDebitAndItsReturn) {
  const auto added = other().add("phone", *access::Credential::token(access::pattern_bytes(32, 1)));
  ASSERT_TRUE(added);
  ASSERT_TRUE(*access_->reload_if_changed());
  caller_.identity = *added;
  AccessGate gate(*access_, {});
  http::Gate& front = gate;
  ASSERT_TRUE(front.admit(caller_, 1000, now_));
  ASSERT_TRUE(other().remove("phone"));
  ASSERT_TRUE(*access_->reload_if_changed());
  EXPECT_FALSE(front.allowance(caller_, now_));
  front.give_back(caller_, 1000);
  EXPECT_EQ(front.admit(caller_, 1, now_).refusal, Error::forbidden);
}

// Whoever is refused by its own quota takes nothing from the others behind its address.
TEST_F(GatesTest, ARefusalByTheIdentityDebitsNoAddress) {
  const auto slow = other().add("slow", *access::Credential::token(access::pattern_bytes(32, 1)), access::Quota{1, 100, 0});
  const auto gone = other().add("gone", *access::Credential::token(access::pattern_bytes(32, 2)));
  ASSERT_TRUE(slow && gone && other().set_enabled("gone", false));
  ASSERT_TRUE(*access_->reload_if_changed());
  AccessGate gate(*access_, {.bytes = access::Rate(1, 1000), .handshakes = {}});
  http::Gate& front = gate;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(front.admit({caller_.remote, *slow}, 101, now_).refusal, Error::too_large);
    EXPECT_EQ(front.admit({caller_.remote, *gone}, 100, now_).refusal, Error::forbidden);
  }
  EXPECT_TRUE(front.admit({caller_.remote, *slow}, 100, now_));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(front.admit({caller_.remote, *slow}, 100, now_).refusal, Error::over_quota);
  EXPECT_TRUE(front.admit(caller_, 900, now_)) << "the 100 bytes of before are all that the address has used";
  const auto refused = front.admit(caller_, 1, now_);
  EXPECT_EQ(refused.refusal, Error::over_quota) << "and they are used";
  EXPECT_EQ(left("anonymous"), kBurst - 900) << "a refusal by the address debits no identity";
}

TEST_F(GatesTest, AReloadBetweenTheDebitOfALocalClientAndItsReturn) {
  LocalGate gate(*access_, "anonymous");
  const local::Peer peer;
  ASSERT_TRUE(gate.admit(peer, 1000, now_));
  change("anonymous");
  EXPECT_EQ(left("anonymous"), kBurst - 1000);
  gate.give_back(peer, 1000);
  gate.give_back(peer, 1000);  // only once
  EXPECT_EQ(left("anonymous"), kBurst);
}

}  // namespace
}  // namespace qeaas
