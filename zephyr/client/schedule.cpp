// SPDX-License-Identifier: GPL-3.0-or-later
#include "schedule.hpp"

#include <algorithm>

namespace qeaas::device {

void Schedule::restart(std::int64_t now_ms, bool any_server) noexcept {
  // Where there is a period, it begins now; otherwise the pool says when.
  due_ms_ = pace_.period_ms != 0 && any_server ? now_ms + 1 : 0;
  turn_ms_ = 0;
  rested_ms_ = 0;
  failing_ = false;
}

void Schedule::succeeded(std::int64_t now_ms, std::uint32_t random) noexcept {
  const auto half = static_cast<std::uint32_t>(pace_.interval_ms / 2);
  const auto chance = static_cast<std::int64_t>((random * (std::uint64_t{half} + 1)) >> 32);
  rested_ms_ = now_ms + pace_.interval_ms + chance;
  due_ms_ = pace_.period_ms != 0 ? now_ms + pace_.period_ms : 0;
  turn_ms_ = 0;
  failing_ = false;
}

void Schedule::failed(std::int64_t now_ms, std::int64_t next_try_ms) noexcept {
  due_ms_ = next_try_ms == 0 && pace_.period_ms != 0 ? now_ms + pace_.period_ms : next_try_ms;
  turn_ms_ = 0;
  failing_ = true;
}

bool Schedule::asked(std::int64_t now_ms) noexcept {
  if (now_ms >= rested_ms_) return true;
  turn_ms_ = rested_ms_;
  return false;
}

bool Schedule::take_turn(std::int64_t now_ms) noexcept {
  if (turn_ms_ == 0 || now_ms < turn_ms_) return false;
  turn_ms_ = 0;
  return true;
}

std::int64_t Schedule::next_ms() const noexcept {
  if (due_ms_ == 0 || turn_ms_ == 0) return due_ms_ + turn_ms_;
  return std::min(due_ms_, turn_ms_);
}

}  // namespace qeaas::device
