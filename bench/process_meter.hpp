// SPDX-License-Identifier: GPL-3.0-or-later
// ProcessMeter reads what a server has used so far from /proc: CPU time of its threads to the nanosecond (schedstat) and resident
// memory. A thread that sleeps is counted exactly; one that runs, up to its last tick.
#pragma once

#include <cstdint>
#include <string>

namespace qeaas::bench {

struct Usage {
  double cpu_us = 0;         // all threads
  double worker_us = 0;      // the threads that serve: named "worker...", or all when none is named so
  std::uint64_t slices = 0;  // how often a serving thread was put on a core: about the number of its wake-ups
  Usage operator-(const Usage& earlier) const noexcept {
    return {cpu_us - earlier.cpu_us, worker_us - earlier.worker_us, slices - earlier.slices};
  }
};

// pin_task does that for one thread; 0 is the caller.
void pin_task(int task, int core);

class ProcessMeter {
 public:
  explicit ProcessMeter(int pid) : folder_("/proc/" + std::to_string(pid)) {}
  Usage usage() const;
  std::uint64_t resident_bytes() const;
  // pin keeps all of its threads on one core, and makes them wait for each other rather than interrupt each other (SCHED_BATCH);
  // core -1 lets the scheduler do as usual.
  void pin(int core) const;

 private:
  std::string folder_;
};

}  // namespace qeaas::bench
