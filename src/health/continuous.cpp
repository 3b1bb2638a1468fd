// SPDX-License-Identifier: GPL-3.0-or-later
// The repetition count test and the adaptive proportion test.
#include "health/continuous.hpp"

#include "health/lanes.hpp"

namespace qeaas::health {

namespace {

// High claims have low cutoffs, so that looking at every (C - 1)-th sample is slow: there, stretches without a run of four, which
// is less than any cutoff, are stepped over first. Beyond kQuickCutoff a good source has runs of four all the time.
constexpr std::uint64_t kQuickCutoff = 16;
constexpr std::size_t kStretch = 256;
constexpr std::size_t kAhead = 3;

// skip_quiet steps over stretches in which no run of four starts. A run that reaches out of them is thus shorter than four, so that
// it neither counts nor lasts until the end of the samples, three or more places on.
std::size_t skip_quiet(Bytes samples, std::size_t begin) noexcept {
  while (samples.size() - begin >= kStretch + kAhead && !four_alike(samples.data() + begin, kStretch)) begin += kStretch;
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
      begin = skip_quiet(samples, begin);
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
