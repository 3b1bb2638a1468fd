// SPDX-License-Identifier: GPL-3.0-or-later
// One feeding: what was drawn is assessed, goes into the kernel's pool with its credit, and is told of. And when the next one is due.
#pragma once

#include <string>
#include <string_view>

#include "feed_draw.hpp"
#include "feed_kernel.hpp"

namespace qeaas::cli {

struct Feeding {
  std::size_t bytes = 0;  // given to the pool, or, in a dry run, drawn
  Credit credit;
  std::vector<FeedAnswer> answers;
  std::vector<std::string> left_out;
  bool dry_run = false;
  bool reseeded = false;
  std::optional<Fault> reseed_failure;
  std::optional<Fault> failure;  // the pool got nothing
};

// feed_pool gives the pool what was drawn, once. Without a pool it only says what would be credited. The bytes are wiped.
Feeding feed_pool(Pool* pool, Drawn drawn, const CreditRules& rules);

// describe is for people, several lines without the last newline; summary is one line. as_json is one object; why says what began it.
std::string describe(const Feeding& feeding);
std::string summary(const Feeding& feeding);
std::string as_json(const Feeding& feeding, std::string_view why);
// refused_json is the same for a feeding that was not even tried.
std::string refused_json(const Fault& fault, std::string_view why);

// FeedSchedule says when to feed: at once, then at every interval; after a failure sooner, with pauses that grow from 1 s to the interval.
class FeedSchedule {
 public:
  FeedSchedule(Clock::duration interval, TimePoint now) : interval_(interval), due_(now) {}
  TimePoint due() const noexcept { return due_; }
  void at_once(TimePoint now) noexcept { due_ = now; }
  void done(TimePoint now, bool success) noexcept;

 private:
  Clock::duration interval_;
  Clock::duration pause_ = 1s;
  TimePoint due_;
};

}  // namespace qeaas::cli
