// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/hex.hpp"
#include "condition/conditioner.hpp"

namespace qeaas {
namespace {

using Block = std::array<std::uint8_t, kBlockBytes>;
using Generator = std::mt19937_64;

std::vector<std::uint8_t> random_bytes(Generator& generator, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(generator());
  return bytes;
}

bool bit_of(Bytes bytes, std::size_t bit) { return bytes[bit / 8] >> (bit % 8) & 1; }

// The definition: y[j] = sum over i of T[j][i] x[i], T[j][i] = seed[j - i + m - 1], x the samples' bits, lowest first.
Block plain_product(unsigned sample_bits, Bytes samples, Bytes seed) {
  std::vector<bool> x;
  for (const std::uint8_t sample : samples) {
    for (unsigned bit = 0; bit < sample_bits; ++bit) x.push_back(sample >> bit & 1);
  }
  Block y{};
  for (std::size_t j = 0; j < kBlockBits; ++j) {
    bool sum = false;
    for (std::size_t i = 0; i < x.size(); ++i) sum ^= x[i] && bit_of(seed, j + x.size() - 1 - i);
    y[j / 8] |= static_cast<std::uint8_t>(sum << (j % 8));
  }
  return y;
}

std::unique_ptr<Conditioner> make(unsigned sample_bits, double h, Bytes seed) {
  auto made = make_toeplitz_conditioner(sample_bits, MinEntropy::from_bits(h), seed);
  EXPECT_TRUE(made.has_value());
  return std::move(*made);
}

std::size_t seed_bytes(unsigned sample_bits, double h) { return toeplitz_seed_bytes(sample_bits, MinEntropy::from_bits(h)); }

Block run(Conditioner& conditioner, Bytes samples) {
  Block block;
  conditioner.condition(samples, block);
  return block;
}

TEST(Toeplitz, AgreesWithTheMatrixProduct) {
  Generator generator(11);
  for (unsigned sample_bits = 1; sample_bits <= 8; ++sample_bits) {
    for (const double share : {1.0, 0.99, 0.9, 0.77, 0.5, 0.31, 0.1}) {
      const double h = sample_bits * share;
      const auto seed = random_bytes(generator, seed_bytes(sample_bits, h));
      const auto conditioner = make(sample_bits, h, seed);
      const std::size_t m = conditioner->samples_per_block() * sample_bits;
      ASSERT_EQ(seed.size(), (m + 255 + 7) / 8);
      auto samples = random_bytes(generator, conditioner->samples_per_block());
      for (auto& sample : samples) sample &= static_cast<std::uint8_t>(0xff >> (8 - sample_bits));
      ASSERT_EQ(run(*conditioner, samples), plain_product(sample_bits, samples, seed)) << sample_bits << " " << h;
    }
  }
}

TEST(Toeplitz, IsLinear) {
  Generator generator(12);
  for (const auto& [sample_bits, h] : {std::pair{1U, 0.7}, std::pair{3U, 2.9}, std::pair{8U, 7.3}}) {
    const auto conditioner = make(sample_bits, h, random_bytes(generator, seed_bytes(sample_bits, h)));
    const auto a = random_bytes(generator, conditioner->samples_per_block());
    const auto b = random_bytes(generator, conditioner->samples_per_block());
    std::vector<std::uint8_t> both(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) both[i] = a[i] ^ b[i];
    Block sum = run(*conditioner, a);
    const Block of_b = run(*conditioner, b);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= of_b[i];
    EXPECT_EQ(run(*conditioner, both), sum);
    EXPECT_EQ(run(*conditioner, std::vector<std::uint8_t>(a.size())), Block{});
  }
}

// Worked by hand, m = 384: with seed bits 383 and 385 set, T[j][i] is 1 for j = i and j = i + 2. Bit 0 of the first sample goes
// to output bits 0 and 2; bit 255 to 255 alone; bit 256 nowhere.
TEST(Toeplitz, KnownVector) {
  std::vector<std::uint8_t> seed(seed_bytes(8, 8.0));
  ASSERT_EQ(seed.size(), 80U);
  seed[47] = 0x80;
  seed[48] = 0x02;
  const auto conditioner = make(8, 8.0, seed);
  std::vector<std::uint8_t> samples(48);
  samples[0] = 0x01;
  EXPECT_EQ(to_hex(run(*conditioner, samples)), "05" + std::string(62, '0'));
  samples[0] = 0x83;
  EXPECT_EQ(to_hex(run(*conditioner, samples)), "8f02" + std::string(60, '0'));
  samples[0] = 0;
  samples[31] = 0x80;
  EXPECT_EQ(to_hex(run(*conditioner, samples)), std::string(62, '0') + "80");
  samples[31] = 0;
  samples[32] = 0x01;
  EXPECT_EQ(run(*conditioner, samples), Block{});
}

TEST(Toeplitz, IgnoresBitsBeyondASamplesWidth) {
  Generator generator(13);
  const auto conditioner = make(3, 3.0, random_bytes(generator, seed_bytes(3, 3.0)));
  auto samples = random_bytes(generator, conditioner->samples_per_block());
  const Block wide = run(*conditioner, samples);
  for (auto& sample : samples) sample &= 7;
  EXPECT_EQ(run(*conditioner, samples), wide);
}

TEST(Toeplitz, NeedsTheLeftoverHashBound) {
  const std::vector<std::uint8_t> seed(seed_bytes(8, 7.5));
  const auto conditioner = make(8, 7.5, seed);
  EXPECT_EQ(conditioner->needed(), MinEntropy::from_whole_bits(256 + 2 * 64));
  EXPECT_EQ(conditioner->samples_per_block(), 52U);
  EXPECT_EQ(conditioner->name(), "toeplitz");
  EXPECT_NE(conditioner->basis().find("leftover-hash"), std::string_view::npos);
  EXPECT_NE(conditioner->basis().find("not vetted"), std::string_view::npos);
}

TEST(Toeplitz, RefusesAnotherSeedSize) {
  const auto per_sample = MinEntropy::from_whole_bits(8);
  const std::size_t wanted = toeplitz_seed_bytes(8, per_sample);
  for (const std::size_t size : {std::size_t{0}, wanted - 1, wanted + 1}) {
    const auto made = make_toeplitz_conditioner(8, per_sample, std::vector<std::uint8_t>(size));
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error(), Error::out_of_range);
  }
}

TEST(Toeplitz, RefusesClaimsOutOfRange) {
  for (const auto& [sample_bits, h] :
       {std::pair{0U, 1.0}, std::pair{9U, 1.0}, std::pair{8U, 0.0}, std::pair{8U, 8.5}, std::pair{1U, 1.1}, std::pair{8U, 0.0001}}) {
    EXPECT_EQ(seed_bytes(sample_bits, h), 0U) << sample_bits << " " << h;
    const auto made = make_toeplitz_conditioner(sample_bits, MinEntropy::from_bits(h), {});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error(), Error::out_of_range);
  }
}

TEST(ToeplitzDeathTest, AnotherNumberOfSamplesEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto conditioner = make(8, 8.0, std::vector<std::uint8_t>(seed_bytes(8, 8.0)));
  const std::vector<std::uint8_t> samples(47);
  Block block;
  EXPECT_DEATH(conditioner->condition(samples, block), "another number of samples");
}

}  // namespace
}  // namespace qeaas
