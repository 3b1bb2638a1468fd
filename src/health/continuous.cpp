// SPDX-License-Identifier: GPL-3.0-or-later
// The repetition count test and the adaptive proportion test.
#include "health/continuous.hpp"

#include "health/lanes.hpp"

namespace qeaas::health {

namespace {

// High claims have low cutoffs, so that looking at every (C - 1)-th sample is slow: there, stretches that hold no such run are stepped
// over first. A run of 11 holds two whole words of four samples, wherever it starts, and a run of 5 two words of two. Lower cutoffs
// than that do not exist. Beyond kQuickCutoff a look at every (C - 1)-th sample is as fast.
constexpr std::uint64_t kQuickCutoff = 16;
constexpr std::uint64_t kLongWordCutoff = 11;
constexpr std::uint64_t kShortWordCutoff = 5;
static_assert(rct_cutoffs(MinEntropy::from_whole_bits(8)).intermittent >= kShortWordCutoff);
constexpr std::size_t kStretch = 256;
constexpr std::size_t kAhead = sizeof(std::int32_t);

// skip_quiet steps from begin, where a run starts, over stretches in which no two words alike start, and back to where the run starts
// that it then stands in. No run that it has passed reaches the cutoff.
std::size_t skip_quiet(Bytes samples, std::size_t begin, std::uint64_t cutoff) noexcept {
  const auto quiet = cutoff >= kLongWordCutoff ? [](const std::uint8_t* from) { return !twice_alike<std::int32_t>(from, kStretch); }
                                               : [](const std::uint8_t* from) { return !twice_alike<std::int16_t>(from, kStretch); };
  const std::size_t first = begin;
  while (samples.size() - begin >= kStretch + kAhead && quiet(samples.data() + begin)) begin += kStretch;
  while (begin > first && samples[begin - 1] == samples[begin]) --begin;
  return begin;
}

}  // namespace

Severity RepetitionCountTest::examine(Bytes samples) noexcept {
  std::size_t begin = 0;
  if (run_ > 0) {
    while (begin < samples.size() && samples[begin] == last_) ++begin;
    run_ += begin;
  }
  const std::uint64_t carried = begin > 0 ? run_ : 0;
  if (begin == samples.size()) return severity(carried, cutoffs_);
  return severity(std::max(carried, longest_run(samples, begin)), cutoffs_);
}

// longest_run gives the longest run from begin, where a run starts, if it reaches the intermittent cutoff, and 0 otherwise. It keeps
// the run that the samples end in.
std::uint64_t RepetitionCountTest::longest_run(Bytes samples, std::size_t begin) noexcept {
  std::uint64_t longest = 0;
  std::size_t retry = cutoffs_.intermittent <= kQuickCutoff ? begin : samples.size();
  while (samples.size() - begin >= cutoffs_.intermittent) {
    if (begin >= retry) {
      begin = skip_quiet(samples, begin, cutoffs_.intermittent);
      retry = begin + kStretch;
      continue;
    }
    // The last place of a run that reaches the cutoff from begin: walk back to where its run starts, and go on from there.
    const std::size_t probe = begin + cutoffs_.intermittent - 1;
    std::size_t start = probe;
    while (start > begin && samples[start - 1] == samples[probe]) --start;
    if (start != begin) {
      begin = start;
      continue;
    }
    std::size_t end = probe + 1;
    while (end < samples.size() && samples[end] == samples[probe]) ++end;
    longest = std::max<std::uint64_t>(longest, end - begin);
    if (end == samples.size()) break;
    begin = end;
  }
  last_ = samples.back();
  std::size_t start = samples.size() - 1;
  while (start > begin && samples[start - 1] == last_) --start;
  run_ = samples.size() - start;
  return longest;
}

Severity AdaptiveProportionTest::examine(Bytes samples) noexcept {
  std::uint32_t most = 0;
  while (!samples.empty()) {
    if (seen_ == 0) {
      first_ = samples.front();
      count_ = 0;
    }
    const Bytes part = samples.first(std::min<std::size_t>(samples.size(), window_ - seen_));
    count_ += count_value(part, first_);
    // The count only grows within a window, so its last value is the one that matters.
    most = std::max(most, count_);
    seen_ = (seen_ + static_cast<std::uint32_t>(part.size())) % window_;
    samples = samples.subspan(part.size());
  }
  return severity(most, cutoffs_);
}

}  // namespace qeaas::health
