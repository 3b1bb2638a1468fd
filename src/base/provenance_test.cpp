// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/provenance.hpp"

#include <gtest/gtest.h>

namespace qeaas {

TEST(Provenance, NamesGoBothWays) {
  for (auto kind : {SourceKind::quantum, SourceKind::physical, SourceKind::os, SourceKind::remote, SourceKind::simulated})
    EXPECT_EQ(source_kind(name(kind)), kind);
  for (auto type : {EntropyType::direct, EntropyType::mixed, EntropyType::drbg}) EXPECT_EQ(entropy_type(name(type)), type);
  EXPECT_FALSE(source_kind("Quantum"));
  EXPECT_FALSE(entropy_type("raw"));
}

TEST(Provenance, TheHonestyTable) {
  EXPECT_TRUE(may_feed_direct(SourceKind::quantum));
  EXPECT_TRUE(may_feed_direct(SourceKind::physical));
  EXPECT_FALSE(may_feed_direct(SourceKind::os));
  EXPECT_FALSE(may_feed_direct(SourceKind::remote));
}

TEST(Provenance, CountsEachSourceOnceAndMarksSimulation) {
  const SourceTag rdseed{"rdseed", SourceKind::physical, true};
  const SourceTag photons{"photons", SourceKind::simulated, false};
  Provenance provenance;
  provenance.reset(EntropyType::direct);
  provenance.add(rdseed);
  provenance.add(rdseed);
  EXPECT_EQ(provenance.sources().size(), 1U);
  EXPECT_FALSE(provenance.simulated());
  provenance.add(photons);
  EXPECT_TRUE(provenance.simulated());
  provenance.reset(EntropyType::drbg);
  EXPECT_TRUE(provenance.sources().empty());
  EXPECT_EQ(provenance.type(), EntropyType::drbg);
}

}  // namespace qeaas
