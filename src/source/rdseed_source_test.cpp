// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/rdseed_source.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>

namespace qeaas {
namespace {

constexpr RdseedUnit kCounting{.supported = +[]() noexcept { return true; },
                               .step =
                                   +[](std::uint64_t& value) noexcept {
                                     value = 0x0807060504030201;
                                     return true;
                                   }};

TEST(RdseedSource, FillsEverySample) {
  auto source = make_rdseed_source("rdseed", std::nullopt, kCounting);
  ASSERT_TRUE(source->open());
  std::array<std::uint8_t, 11> samples{};
  ASSERT_TRUE(source->read(samples));
  EXPECT_EQ(samples, (std::array<std::uint8_t, 11>{1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3}));
  source->interrupt();
  EXPECT_EQ(source->read(samples).error(), Error::closed);
  EXPECT_EQ(source->open().error().error, Error::closed);
}

TEST(RdseedSource, StatesHalfAndItsConditioning) {
  const auto source = make_rdseed_source("rdseed", std::nullopt, kCounting);
  EXPECT_EQ(source->info().tag.kind, SourceKind::physical);
  EXPECT_TRUE(source->info().tag.conditioned);
  EXPECT_EQ(source->info().per_sample, MinEntropy::from_whole_bits(4));
  EXPECT_EQ(make_rdseed_source("r", MinEntropy::from_whole_bits(1), kCounting)->info().per_sample, MinEntropy::from_whole_bits(1));
}

TEST(RdseedSource, RefusesAProcessorWithoutIt) {
  RdseedUnit lacking = kCounting;
  lacking.supported = +[]() noexcept { return false; };
  auto source = make_rdseed_source("rdseed", std::nullopt, lacking);
  EXPECT_EQ(source->open().error().error, Error::unsupported);
  std::array<std::uint8_t, 8> samples{};
  EXPECT_EQ(source->read(samples).error(), Error::source_gone);
}

unsigned tries = 0;

TEST(RdseedSource, GivesUpAfterItsTries) {
  tries = 0;
  const RdseedUnit busy{.supported = kCounting.supported, .step = +[](std::uint64_t&) noexcept {
                          ++tries;
                          return false;
                        }};
  auto source = make_rdseed_source("rdseed", std::nullopt, busy);
  ASSERT_TRUE(source->open());
  std::array<std::uint8_t, 8> samples{};
  EXPECT_EQ(source->read(samples).error(), Error::timeout);
  EXPECT_EQ(tries, kRdseedTries);
}

TEST(RdseedSource, OnThisMachine) {
  if (!machine_rdseed().supported()) GTEST_SKIP() << "no RDSEED here";
  auto source = make_rdseed_source("rdseed");
  ASSERT_TRUE(source->open());
  std::array<std::uint8_t, 4096> samples{};
  ASSERT_TRUE(source->read(samples));
  std::array<unsigned, 256> seen{};
  for (const auto sample : samples) ++seen[sample];
  EXPECT_GT(std::count_if(seen.begin(), seen.end(), [](unsigned count) { return count > 0; }), 200) << "4096 bytes show nearly all values";
}

}  // namespace
}  // namespace qeaas
