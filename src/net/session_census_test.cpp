// SPDX-License-Identifier: GPL-3.0-or-later
// Counters of sessions: what opens, closes and fails, from one thread and from many.
#include "net/session_census.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "net/groups.hpp"

namespace qeaas {
namespace {

using Proof = SessionCensus::Proof;

TEST(SessionCensus, IsEmptyBeforeAnythingHappened) {
  const SessionCensus census;
  EXPECT_TRUE(census.snapshot().empty());
  EXPECT_EQ(census.failures(Transport::stream), 0U);
}

TEST(SessionCensus, CountsASessionWhileItsPlaceLives) {
  SessionCensus census;
  {
    auto place = census.opened(Transport::stream, "X25519MLKEM768", Proof::ml_dsa_44);
    auto moved = std::move(place);
    const auto rows = census.snapshot();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].transport, Transport::stream);
    EXPECT_EQ(rows[0].group, "X25519MLKEM768");
    EXPECT_EQ(SessionCensus::name(rows[0].proof), "ML-DSA-44");
    EXPECT_FALSE(rows[0].resumed);
    EXPECT_EQ(rows[0].open, 1U);
  }
  EXPECT_EQ(census.snapshot()[0].open, 0U);
  EXPECT_EQ(census.snapshot()[0].completed, 1U) << "the total stays";
}

TEST(SessionCensus, APlaceThatIsReplacedIsFreed) {
  SessionCensus census;
  auto place = census.opened(Transport::datagram, "P-256", Proof::psk);
  place = census.opened(Transport::datagram, "X25519", Proof::psk);
  for (const auto& row : census.snapshot()) EXPECT_EQ(row.open, row.group == "X25519" ? 1U : 0U);
}

TEST(SessionCensus, KeepsEveryKindApart) {
  SessionCensus census;
  std::vector<SessionCensus::Place> places;
  for (const auto transport : {Transport::datagram, Transport::stream})
    for (const auto& group : all_groups())
      for (const auto proof : {Proof::ml_dsa_44, Proof::ml_dsa_65, Proof::ml_dsa_87, Proof::ecdsa_p256, Proof::psk, Proof::ticket})
        places.push_back(census.opened(transport, group.title, proof));
  const auto rows = census.snapshot();
  EXPECT_EQ(rows.size(), places.size());
  for (const auto& row : rows) {
    EXPECT_EQ(row.open, 1U);
    EXPECT_EQ(row.resumed, SessionCensus::name(row.proof) == "ticket");
  }
}

TEST(SessionCensus, EverySignatureHasAProofOfItsName) {
  for (const auto algorithm : {SignatureAlgorithm::ml_dsa_44, SignatureAlgorithm::ml_dsa_65, SignatureAlgorithm::ml_dsa_87})
    EXPECT_EQ(SessionCensus::name(SessionCensus::proof_of(algorithm)), name(algorithm));
  EXPECT_EQ(SessionCensus::name(SessionCensus::proof_of(SignatureAlgorithm::ecdsa_p256)), "ECDSA P-256");
}

TEST(SessionCensus, AnUnknownGroupIsCountedAsOther) {
  SessionCensus census;
  const auto one = census.opened(Transport::stream, "KYBER_9000", Proof::ecdsa_p256);
  const auto two = census.opened(Transport::stream, "X448", Proof::ecdsa_p256);
  ASSERT_EQ(census.snapshot().size(), 1U);
  EXPECT_EQ(census.snapshot()[0].group, "other");
  EXPECT_EQ(census.snapshot()[0].open, 2U);
}

TEST(SessionCensus, FailuresAreCountedByTransport) {
  SessionCensus census;
  census.failed(Transport::stream);
  census.failed(Transport::stream);
  census.failed(Transport::datagram);
  EXPECT_EQ(census.failures(Transport::stream), 2U);
  EXPECT_EQ(census.failures(Transport::datagram), 1U);
}

TEST(SessionCensus, ManyThreadsLoseNothing) {
  constexpr std::uint64_t kEach = 5000;
  SessionCensus census;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&census] {
      for (std::uint64_t n = 0; n < kEach; ++n) {
        const auto place = census.opened(Transport::stream, "X25519", Proof::ticket);
        census.failed(Transport::stream);
      }
    });
  for (auto& thread : threads) thread.join();
  ASSERT_EQ(census.snapshot().size(), 1U);
  EXPECT_EQ(census.snapshot()[0].completed, 4 * kEach);
  EXPECT_EQ(census.snapshot()[0].open, 0U);
  EXPECT_EQ(census.failures(Transport::stream), 4 * kEach);
}

}  // namespace
}  // namespace qeaas
