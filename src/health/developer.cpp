// SPDX-License-Identifier: GPL-3.0-or-later
// The lag test and the repeat test.
#include "health/developer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "health/lanes.hpp"

namespace qeaas::health {
namespace {

// The fractional part of pi in hexadecimal: keys with nothing up their sleeve.
constexpr std::array<std::uint64_t, 5> kKeys = {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
                                                0x452821e638d01377};

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// absorb mixes the part of a line that is read into a fingerprint. It need not resist an adversary, only the accidents of a noise source.
std::uint64_t absorb(std::uint64_t fingerprint, const std::uint8_t* line) noexcept {
  std::array<std::uint64_t, RepeatTest::kReadSamples / 8> words;
  std::memcpy(words.data(), line, RepeatTest::kReadSamples);
  std::uint64_t mixed = fingerprint;
  for (std::size_t i = 0; i < words.size(); i += 2) mixed ^= fold(words[i] ^ kKeys[i], words[i + 1] ^ kKeys[i + 1]);
  return fold(mixed, kKeys.back());
}

// count_lags counts, for four lags from first on, the matches of a window's samples with those that far before them.
std::array<std::uint32_t, LagTest::kLagsPerWindow> count_lags(const std::uint8_t* window, std::size_t first) noexcept {
  static_assert(LagTest::kComparisons % kLanes == 0 && LagTest::kComparisons / kLanes <= kMostPerLane);
  Lanes a{}, b{}, c{}, d{};
  for (std::size_t i = LagTest::kLags; i < LagTest::kWindowSamples; i += kLanes) {
    const Lanes now = load_lanes(window + i);
    const std::uint8_t* before = window + i - first;
    a -= now == load_lanes(before);
    b -= now == load_lanes(before - 1);
    c -= now == load_lanes(before - 2);
    d -= now == load_lanes(before - 3);
  }
  return {sum_lanes(a), sum_lanes(b), sum_lanes(c), sum_lanes(d)};
}

constexpr Cutoffs lag_cutoffs(std::size_t comparisons, MinEntropy per_sample) noexcept {
  const auto n = static_cast<std::uint32_t>(comparisons);
  return {binomial_cutoff(n, per_sample, kIntermittentAlphaBits + LagTest::kSharedBits),
          binomial_cutoff(n, per_sample, kPermanentAlphaBits + LagTest::kSharedBits)};
}

}  // namespace

LagTest::LagTest(MinEntropy per_sample) noexcept
    : short_(lag_cutoffs(kComparisons, per_sample)), long_(lag_cutoffs(kLongComparisons, per_sample)) {}

Severity LagTest::examine(Bytes samples) noexcept {
  Severity worst = Severity::passed;
  for (; samples.size() >= kWindowSamples; samples = samples.subspan(kWindowSamples)) {
    worst = std::max(worst, examine_window(samples.first<kWindowSamples>()));
  }
  return worst;
}

Severity LagTest::examine_window(std::span<const std::uint8_t, kWindowSamples> window) noexcept {
  const std::size_t group = windows_ * kLagsPerWindow % kLags;
  const auto counts = count_lags(window.data(), group + 1);
  Severity worst = Severity::passed;
  for (std::size_t i = 0; i < kLagsPerWindow; ++i) {
    std::uint32_t& sum = sums_[group + i];
    sum += counts[i];
    worst = std::max({worst, severity(counts[i], short_), severity(sum, long_)});
  }
  if (++windows_ == kLongWindows) reset();
  return worst;
}

void LagTest::reset() noexcept {
  sums_ = {};
  windows_ = 0;
}

RepeatTest::RepeatTest(MinEntropy per_sample) noexcept {
  constexpr std::uint64_t kNeeded = kChunkBits * kMicrobitsPerBit;
  const std::uint64_t line = per_sample.microbits() * kReadSamples;
  chunk_lines_ = (kNeeded + line - 1) / line;
}

// The state is kept in variables, so that the fingerprint of one chunk need not wait for that of the chunk before.
Severity RepeatTest::examine(Bytes samples) noexcept {
  std::uint64_t fingerprint = fingerprint_;
  std::uint64_t lines = lines_;
  bool hit = hit_;
  bool repeated = false;
  for (; samples.size() >= kLineSamples; samples = samples.subspan(kLineSamples)) {
    fingerprint = absorb(fingerprint, samples.data());
    if (++lines != chunk_lines_) continue;
    const bool hit_before = std::exchange(hit, remember(fingerprint));
    repeated = repeated || (hit && hit_before);
    fingerprint = lines = 0;
  }
  fingerprint_ = fingerprint;
  lines_ = lines;
  hit_ = hit;
  return repeated ? Severity::permanent : Severity::passed;
}

// remember puts the fingerprint of a finished chunk into the table, and says whether it was there already.
bool RepeatTest::remember(std::uint64_t fingerprint) noexcept {
  const auto tag = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(fingerprint));
  return std::exchange(tags_[fingerprint >> 52], tag) == tag;
}

void RepeatTest::reset() noexcept {
  wipe({reinterpret_cast<std::uint8_t*>(tags_.data()), sizeof tags_});
  fingerprint_ = 0;
  lines_ = 0;
  hit_ = false;
}

}  // namespace qeaas::health
