// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics with a fixed seed: limits are six standard deviations.
#include "source/photon_simulator.hpp"

#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <thread>

namespace qeaas {
namespace {

constexpr std::size_t kSamples = 65536;
using Samples = std::vector<std::uint8_t>;

std::unique_ptr<PhotonSimulator> simulator(PhotonSettings settings = {}) {
  if (!settings.seed) settings.seed = 7;
  auto made = PhotonSimulator::create(std::move(settings), NamedByConfiguration());
  EXPECT_TRUE(made);
  EXPECT_TRUE((*made)->open());
  return std::move(*made);
}
std::unique_ptr<PhotonSimulator> faulty(FaultKind kind, double magnitude, std::uint64_t onset = 0, unsigned bits = 1) {
  PhotonSettings settings;
  settings.sample_bits = bits;
  settings.fault = {kind, onset, magnitude};
  return simulator(std::move(settings));
}
Samples read(Source& source, std::size_t count = kSamples) {
  Samples samples(count);
  EXPECT_TRUE(source.read(samples));
  return samples;
}
double mean(std::span<const std::uint8_t> samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}
double repeats(const Samples& samples) {
  double count = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) count += samples[i] == samples[i - 1];
  return count / static_cast<double>(samples.size() - 1);
}
const double kSixSigma = 6 * 0.5 / std::sqrt(kSamples);

TEST(PhotonSimulator, StatesItselfSimulatedWithTheExactEntropy) {
  const auto source = simulator();
  EXPECT_EQ(source->info().tag.kind, SourceKind::simulated);
  EXPECT_FALSE(source->info().tag.conditioned);
  const double exact = CountDistribution(PhotonModel{}).low_bits_entropy(1);
  EXPECT_LE(source->info().per_sample.bits(), 0.99 * exact);
  EXPECT_GE(source->info().per_sample.bits(), 0.98);
  PhotonSettings wide;
  wide.sample_bits = 4;
  EXPECT_GT(simulator(wide)->info().per_sample.bits(), 2.5);
}

TEST(PhotonSimulator, TheSameSeedGivesTheSameSamples) {
  EXPECT_EQ(read(*simulator()), read(*simulator()));
  PhotonSettings other;
  other.seed = 8;
  EXPECT_NE(read(*simulator()), read(*simulator(other)));
  auto first = PhotonSimulator::create({}, NamedByConfiguration());
  auto second = PhotonSimulator::create({}, NamedByConfiguration());
  ASSERT_TRUE((*first)->open() && (*second)->open());
  EXPECT_NE(read(**first), read(**second)) << "without a seed no two are alike";
}

TEST(PhotonSimulator, HealthySamplesAreBalancedAndInRange) {
  const auto samples = read(*simulator());
  EXPECT_NEAR(mean(samples), 0.5, kSixSigma);
  EXPECT_NEAR(repeats(samples), 0.5, kSixSigma);
  PhotonSettings wide;
  wide.sample_bits = 3;
  const auto three_bits = read(*simulator(wide));
  EXPECT_EQ(*std::max_element(three_bits.begin(), three_bits.end()), 7);
}

TEST(PhotonSimulator, FaultsBeginAtTheirOnset) {
  const auto healthy = read(*simulator());
  for (const auto kind : {FaultKind::stuck, FaultKind::bias, FaultKind::lag, FaultKind::period, FaultKind::drift}) {
    const double magnitude = kind == FaultKind::period ? 3 : 0.5;
    const auto samples = read(*faulty(kind, magnitude, 5000));
    EXPECT_TRUE(std::equal(healthy.begin(), healthy.begin() + 5000, samples.begin())) << name(kind);
    EXPECT_NE(samples, healthy) << name(kind);
  }
}

TEST(PhotonSimulator, Stuck) {
  const auto samples = read(*faulty(FaultKind::stuck, 0, 100));
  for (std::size_t i = 100; i < samples.size(); ++i) ASSERT_EQ(samples[i], samples[99]) << i;
}

TEST(PhotonSimulator, BiasShiftsTheMeanByItsMagnitude) {
  const auto samples = read(*faulty(FaultKind::bias, 0.1));
  EXPECT_NEAR(mean(samples), 0.6, kSixSigma);
  const auto all = read(*faulty(FaultKind::bias, 0.5, 0, 2), 1000);
  EXPECT_EQ(mean(all), 3) << "every bit is one";
}

TEST(PhotonSimulator, DriftFadesTheLightToDarkCounts) {
  const auto samples = read(*faulty(FaultKind::drift, 0.25));
  const std::span<const std::uint8_t> all(samples);
  EXPECT_NEAR(mean(all.first(1024)), 0.5, 6 * 0.5 / 32);
  // From the fifth step on only dark counts are left: one count in a hundred bins.
  const auto dark = all.subspan(4 * 1024);
  EXPECT_NEAR(mean(dark), 0.01, 6 * std::sqrt(0.01 / static_cast<double>(dark.size())));
  // In the fourth step a quarter of the light is left: P(odd) = (1 - exp(-2 mean)) / 2, here with mean 2.01, dead time aside.
  EXPECT_NEAR(mean(all.subspan(3 * 1024, 1024)), (1 - std::exp(-4.02)) / 2, 6 * 0.5 / 32 + 0.01);
}

TEST(PhotonSimulator, LagRepeatsWithItsProbability) {
  EXPECT_NEAR(repeats(read(*faulty(FaultKind::lag, 0.4))), 0.4 + 0.6 * 0.5, kSixSigma);
}

TEST(PhotonSimulator, Period) {
  const auto samples = read(*faulty(FaultKind::period, 37, 1000));
  for (std::size_t i = 1000; i < samples.size(); ++i) ASSERT_EQ(samples[i], samples[i - 37]) << i;
  const auto from_start = read(*faulty(FaultKind::period, 37, 0));
  for (std::size_t i = 37; i < from_start.size(); ++i) ASSERT_EQ(from_start[i], from_start[i - 37]) << i;
}

TEST(PhotonSimulator, SlowWaitsAsLongAsItsRateSays) {
  auto source = faulty(FaultKind::slow, 1e6);
  read(*source, 1000);
  EXPECT_NEAR(static_cast<double>(source->waited().count()), 1e6, 2) << "nanoseconds for 1,000 samples";
  auto later = faulty(FaultKind::slow, 1e6, 5000);
  read(*later, 1000);
  EXPECT_EQ(later->waited().count(), 0) << "before its onset nothing waits";
}

TEST(PhotonSimulator, SlowCanBeInterruptedAndHealed) {
  Samples samples(1000);
  auto interrupted = faulty(FaultKind::slow, 0.001);
  std::thread stopper([&] { interrupted->interrupt(); });
  EXPECT_EQ(interrupted->read(samples).error(), Error::closed);
  stopper.join();
  EXPECT_EQ(interrupted->open().error().error, Error::closed);
  auto healed = faulty(FaultKind::slow, 0.001);
  std::thread healer([&] { EXPECT_TRUE(healed->set_fault({})); });
  EXPECT_TRUE(healed->read(samples)) << "eleven days early";
  healer.join();
}

TEST(PhotonSimulator, VanishComesBackAfterItsOpenings) {
  Samples samples(100);
  auto source = faulty(FaultKind::vanish, 2, 150);
  EXPECT_TRUE(source->read(samples));
  EXPECT_EQ(source->read(samples).error(), Error::source_gone);
  EXPECT_EQ(source->read(std::span(samples).first(1)).error(), Error::source_gone) << "a smaller read does not bring it back";
  EXPECT_EQ(source->open().error().error, Error::source_gone);
  EXPECT_EQ(source->read(samples).error(), Error::source_gone) << "not open";
  EXPECT_EQ(source->open().error().error, Error::source_gone);
  ASSERT_TRUE(source->open());
  EXPECT_TRUE(source->read(samples));
  auto for_ever = faulty(FaultKind::vanish, 0, 50);
  EXPECT_EQ(for_ever->read(samples).error(), Error::source_gone);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(for_ever->open());
}

TEST(PhotonSimulator, FaultsSwitchWhileItRuns) {
  auto source = simulator();
  read(*source);
  ASSERT_TRUE(source->set_fault({FaultKind::stuck, 0, 0}));
  const auto stuck = read(*source);
  EXPECT_EQ(repeats(stuck), 1);
  ASSERT_TRUE(source->set_fault({FaultKind::drift, 0, 1}));
  EXPECT_LT(mean(read(*source)), 0.1);
  ASSERT_TRUE(source->set_fault({}));
  EXPECT_NEAR(mean(read(*source)), 0.5, kSixSigma) << "the light is back";
  EXPECT_EQ(source->set_fault({FaultKind::bias, 0, 0.7}).error().error, Error::out_of_range);
}

TEST(PhotonSimulator, RefusesModelsOutsideTheirLimits) {
  const auto error_of = [](PhotonSettings settings) {
    auto made = PhotonSimulator::create(std::move(settings), NamedByConfiguration());
    return made ? std::string("none") : std::string(name(made.error().error)) + " " + made.error().text;
  };
  const auto expect = [&](PhotonSettings settings, const std::string& key) {
    const auto text = error_of(std::move(settings));
    EXPECT_TRUE(text.starts_with("out_of_range") && text.find(key) != std::string::npos) << text;
  };
  expect({.model = {.mean_counts = 101}}, "mean_counts");
  expect({.model = {.mean_counts = std::nan("")}}, "mean_counts");
  expect({.model = {.dark_counts = -1}}, "dark_counts");
  expect({.model = {.dead_time = 1.5}}, "dead_time");
  expect({.sample_bits = 5}, "sample_bits");
  expect({.sample_bits = 0}, "sample_bits");
  expect({.model = {.mean_counts = 0, .dark_counts = 0}}, "no min-entropy");
  expect({.per_sample = MinEntropy::from_whole_bits(1)}, "min_entropy");
  expect({.per_sample = MinEntropy()}, "min_entropy");
  expect({.fault = {FaultKind::period, 0, 0.5}}, "period");
  EXPECT_EQ(error_of({.per_sample = MinEntropy::from_bits(0.5)}), "none");
}

TEST(PhotonFault, NamesAndLimits) {
  for (const auto* text : {"none", "stuck", "bias", "drift", "lag", "period", "slow", "vanish"}) {
    const auto kind = fault_kind(text);
    ASSERT_TRUE(kind) << text;
    EXPECT_EQ(name(*kind), text);
  }
  EXPECT_FALSE(fault_kind("Stuck"));
  EXPECT_EQ(check_fault({FaultKind::period, 0, 2.5}).error().error, Error::out_of_range);
  EXPECT_EQ(check_fault({FaultKind::period, 0, 65536}).error().error, Error::out_of_range);
  EXPECT_EQ(check_fault({FaultKind::lag, 0, std::nan("")}).error().error, Error::out_of_range);
  EXPECT_EQ(check_fault({FaultKind::slow, 0, 0}).error().error, Error::out_of_range);
  EXPECT_EQ(check_fault({FaultKind::vanish, 0, -1}).error().error, Error::out_of_range);
  EXPECT_TRUE(check_fault({FaultKind::drift, 0, 1}));
}

}  // namespace
}  // namespace qeaas
