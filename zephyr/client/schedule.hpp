// SPDX-License-Identifier: GPL-3.0-or-later
// When the client's next round is due: by its period, after a failure when a server may be asked, and when the pool asks, but then not more
// often than the interval. Whoever may draw from the pool makes it ask: without the interval he could drive the servers and the battery.
// Pure: time is the caller's, in milliseconds since boot; 0 stands for never.
#pragma once

#include <cstdint>

namespace qeaas::device {

struct Pace {
  std::int64_t period_ms = 0;    // 0: none
  std::int64_t interval_ms = 0;  // at most a day. From a round that succeeded to one that the pool asks for; up to half of it is added
};

class Schedule {
 public:
  constexpr explicit Schedule(const Pace& pace) noexcept : pace_(pace) {}

  // restart forgets everything: there are other servers, or none.
  void restart(std::int64_t now_ms, bool any_server) noexcept;
  // succeeded ends a round. random: 32 uniform bits.
  void succeeded(std::int64_t now_ms, std::uint32_t random) noexcept;
  // failed ends a round. next_try_ms: when a server may be asked again; 0: only other servers can help.
  void failed(std::int64_t now_ms, std::int64_t next_try_ms) noexcept;

  // asked tells whether the pool, which wants a refill, may have it now. If not, its turn is kept.
  bool asked(std::int64_t now_ms) noexcept;
  // take_turn is true once, when a turn that was kept has come. The pool may have been content meanwhile.
  bool take_turn(std::int64_t now_ms) noexcept;
  // due tells whether the period is over, or the wait after a failure.
  bool due(std::int64_t now_ms) const noexcept { return due_ms_ != 0 && now_ms >= due_ms_; }
  // failing: the last round failed, and its retry is due some day. The pool need not ask for it.
  bool failing() const noexcept { return failing_ && due_ms_ != 0; }
  // next_ms is when something will be due or the pool's turn come, whichever is sooner.
  std::int64_t next_ms() const noexcept;

 private:
  Pace pace_;
  std::int64_t due_ms_ = 0;
  std::int64_t turn_ms_ = 0;    // the pool's, 0: it has not asked
  std::int64_t rested_ms_ = 0;  // when the interval is over
  bool failing_ = false;
};

}  // namespace qeaas::device
