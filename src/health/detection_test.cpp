// SPDX-License-Identifier: GPL-3.0-or-later
// What a source can do wrong, and how many samples pass before the alarm latches. Each fault sets in after a good start.
//
//   fault                                         claim      alarm within (samples after it sets in)
//   stuck at one value                            8 of 8     1,024
//   stuck at one value                            1 of 1     1,024
//   one value half the time                       8 of 8     1,024
//   one value one time in sixteen                 8 of 8     32,768
//   biased bit, ones 70 %                         1 of 1     4,096
//   one bit of eight stuck                        8 of 8     262,144
//   drift: true min-entropy falls from 8 to 0     8 of 8     before it is below 4.5
//   copies of the sample 1 to 16 before, half     8 of 8     4,096
//   copies of the sample 1 to 16 before, half     1 of 1     4,096
//   loop of P samples, P a multiple of 64         8 of 8     P + 2,048, up to P = 262,144
//   loop of P samples, P odd                      8 of 8     64 P + 2,048, up to P = 4,095
//   loop of P samples, P a multiple of 256        1 of 1     P + 2,048
#include <gtest/gtest.h>

#include <functional>

#include "health/monitor.hpp"
#include "health/streams_for_test.hpp"

namespace qeaas {
namespace {

using health::chance;
using health::fill_good;
using health::Generator;
using health::good_samples;

// Faulty gives the sample at a position since the fault set in, from the good sample that would stand there.
using Faulty = std::function<std::uint8_t(std::uint64_t position, std::uint8_t good)>;

// samples_until_alarm starts a monitor on good samples and then feeds it the faulty ones, one smallest block at a time.
std::uint64_t samples_until_alarm(unsigned sample_bits, std::uint64_t limit, const Faulty& faulty) {
  Generator generator(sample_bits + limit);
  HealthMonitor monitor(sample_bits, MinEntropy::from_whole_bits(sample_bits));
  monitor.examine(good_samples(generator, HealthMonitor::kStartupSamples, sample_bits));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(monitor.examine(good_samples(generator, HealthMonitor::kBlockMultiple, sample_bits)), Verdict::use);
  std::vector<std::uint8_t> block(HealthMonitor::kBlockMultiple);
  for (std::uint64_t position = 0; position < limit;) {
    fill_good(generator, block, sample_bits);
    for (auto& sample : block) sample = faulty(position++, sample);
    if (monitor.examine(block) == Verdict::alarm) return position;
  }
  return limit + HealthMonitor::kBlockMultiple;
}

void expect_alarm(unsigned sample_bits, std::uint64_t within, const Faulty& faulty) {
  EXPECT_LE(samples_until_alarm(sample_bits, within, faulty), within);
}

TEST(Detection, Stuck) {
  expect_alarm(8, 1024, [](auto, auto) { return std::uint8_t{0x5c}; });
  expect_alarm(1, 1024, [](auto, auto) { return std::uint8_t{1}; });
}

TEST(Detection, Bias) {
  Generator generator(1);
  const auto favour = [&](double p, std::uint8_t value) {
    return [&generator, p, value](auto, std::uint8_t good) { return chance(generator, p) ? value : good; };
  };
  expect_alarm(8, 1024, favour(0.5, 200));
  expect_alarm(8, 32'768, favour(1.0 / 16, 200));
  expect_alarm(1, 4096, favour(0.4, 1));
}

TEST(Detection, OneBitStuck) {
  expect_alarm(8, 262'144, [](auto, std::uint8_t good) { return static_cast<std::uint8_t>(good & 0xef); });
}

TEST(Detection, DriftBeforeMuchIsLost) {
  // One value grows from 1/256 to certainty over ten million samples; the true min-entropy is -log2 of its probability.
  constexpr double kSpan = 10e6;
  const auto probability = [](std::uint64_t position) { return 1.0 / 256 + (255.0 / 256) * static_cast<double>(position) / kSpan; };
  Generator generator(2);
  const std::uint64_t alarmed = samples_until_alarm(8, 4'000'000, [&](std::uint64_t position, std::uint8_t good) {
    return chance(generator, probability(position) - 1.0 / 256) ? std::uint8_t{17} : good;
  });
  ASSERT_LE(alarmed, 4'000'000U);
  EXPECT_LT(probability(alarmed), 0.044) << "1/0.044 is 2^4.5";
}

TEST(Detection, LagCopies) {
  for (const unsigned sample_bits : {1U, 8U}) {
    for (std::size_t lag = 1; lag <= 16; ++lag) {
      Generator generator(lag);
      std::array<std::uint8_t, 16> before{};
      expect_alarm(sample_bits, 4096, [&](std::uint64_t position, std::uint8_t good) {
        const std::uint8_t sample = chance(generator, 0.5) ? before[(position + 16 - lag) % 16] : good;
        return before[position % 16] = sample;
      });
    }
  }
}

void expect_loop_found(unsigned sample_bits, std::size_t period, std::uint64_t within) {
  SCOPED_TRACE(period);
  std::vector<std::uint8_t> loop(period);
  expect_alarm(sample_bits, within, [&](std::uint64_t position, std::uint8_t good) {
    if (position < period) loop[position] = good;
    return loop[position % period];
  });
}

TEST(Detection, Loops) {
  for (const std::size_t period : {64U, 192U, 1024U, 4096U, 65536U, 262144U}) expect_loop_found(8, period, period + 2048);
  for (const std::size_t period : {17U, 101U, 1023U, 4095U}) expect_loop_found(8, period, 64 * period + 2048);
  for (const std::size_t period : {256U, 4096U, 131072U}) expect_loop_found(1, period, period + 2048);
}

// Good sources at exactly their claimed min-entropy: by the tests' own figures, less than one in 10^4 seeds would show a failure.
void expect_quiet(unsigned sample_bits, std::uint64_t samples) {
  Generator generator(sample_bits);
  HealthMonitor monitor(sample_bits, MinEntropy::from_whole_bits(sample_bits));
  std::vector<std::uint8_t> block(16 * HealthMonitor::kBlockMultiple);
  for (std::uint64_t done = 0; done < samples; done += block.size()) {
    fill_good(generator, block, sample_bits);
    ASSERT_EQ(monitor.examine(block), done == 0 ? Verdict::drop : Verdict::use) << done;
  }
  EXPECT_EQ(monitor.counters().intermittent_failures, 0U);
  EXPECT_EQ(monitor.counters().samples_dropped, block.size());
}

TEST(Detection, NoFalseAlarmOfBytes) { expect_quiet(8, 50'000'000); }
TEST(Detection, NoFalseAlarmOfNibbles) { expect_quiet(4, 20'000'000); }
TEST(Detection, NoFalseAlarmOfBits) { expect_quiet(1, 20'000'000); }

}  // namespace
}  // namespace qeaas
