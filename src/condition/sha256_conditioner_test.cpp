// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "condition/conditioner.hpp"
#include "crypto/hash.hpp"

namespace qeaas {
namespace {

TEST(Sha256Conditioner, TakesSixtyFourBitsMoreThanItGives) {
  for (const auto& [h, samples] : {std::pair{8.0, 40U}, std::pair{7.9, 41U}, std::pair{4.0, 80U}, std::pair{1.0, 320U},
                                   std::pair{0.98, 327U}, std::pair{0.001, 320'000U}}) {
    const auto per_sample = MinEntropy::from_bits(h);
    const auto conditioner = make_sha256_conditioner(per_sample);
    EXPECT_EQ(conditioner->needed(), MinEntropy::from_whole_bits(320));
    EXPECT_EQ(conditioner->samples_per_block(), samples) << h;
    EXPECT_GE(per_sample * samples, conditioner->needed());
    EXPECT_LT(per_sample * (samples - 1), conditioner->needed());
  }
}

TEST(Sha256Conditioner, HashesItsSamples) {
  const auto conditioner = make_sha256_conditioner(MinEntropy::from_whole_bits(4));
  std::vector<std::uint8_t> samples(80);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::uint8_t>(i % 16);
  std::array<std::uint8_t, kBlockBytes> first{}, second{};
  conditioner->condition(samples, first);
  conditioner->condition(samples, second);
  EXPECT_EQ(first, sha256(samples));
  EXPECT_EQ(first, second) << "no state stays between blocks";
}

TEST(Sha256Conditioner, SaysWhatItIs) {
  const auto conditioner = make_sha256_conditioner(MinEntropy::from_whole_bits(8));
  EXPECT_EQ(conditioner->name(), "sha256");
  EXPECT_NE(conditioner->basis().find("SP 800-90C"), std::string_view::npos);
}

TEST(Sha256Conditioner, NothingAddsUpToABlock) {
  EXPECT_EQ(make_sha256_conditioner(MinEntropy())->samples_per_block(), std::numeric_limits<std::size_t>::max());
}

TEST(Sha256ConditionerDeathTest, AnotherNumberOfSamplesEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto conditioner = make_sha256_conditioner(MinEntropy::from_whole_bits(8));
  const std::vector<std::uint8_t> samples(41);
  std::array<std::uint8_t, kBlockBytes> block;
  EXPECT_DEATH(conditioner->condition(Bytes(samples).first(39), block), "another number of samples");
  EXPECT_DEATH(conditioner->condition(samples, block), "another number of samples");
}

}  // namespace
}  // namespace qeaas
