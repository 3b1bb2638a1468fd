// SPDX-License-Identifier: GPL-3.0-or-later
// The feeder as a service: feeds at intervals and whenever the machine may have been cloned, until SIGTERM. SIGHUP feeds at once.
#pragma once

#include <sys/signalfd.h>

#include "feed_clone.hpp"
#include "feeding.hpp"

namespace qeaas::cli {

class FeedService {
 public:
  // pool is null in a dry run, and outlives the service.
  FeedService(Pool* pool, FeedDraw draw, const CreditRules& rules, Clock::duration interval, bool json);
  // run gives the exit code. Signals must be blocked before (block_signals), so that no thread takes them.
  int run();

  static void block_signals();

 private:
  void wait();
  bool stop_asked();
  void look_for_clones();
  void on_clone(const std::string& what);
  void leave_behind();
  void finish();
  void report(const Feeding& feeding);
  void keep_alive();

  Pool* pool_;
  FeedDraw draw_;
  CreditRules rules_;
  bool json_;
  FeedSchedule schedule_;
  ClockWatch clocks_;
  ForkNews news_;
  FileDescriptor signals_;
  std::optional<Attempt> attempt_;
  std::vector<Attempt> left_behind_;  // that a clone may have too; their threads may still be at work
  TimePoint attempt_began_{};
  std::string why_ = "start";  // of the next feeding
  bool attempt_is_stale_ = false;
  bool said_ready_ = false;
  std::optional<std::chrono::microseconds> watchdog_;
  TimePoint next_sign_of_life_{};
};

}  // namespace qeaas::cli
