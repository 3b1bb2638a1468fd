// SPDX-License-Identifier: GPL-3.0-or-later
// Whether this machine is still the one that it was: a virtual machine that was cloned or restored from a snapshot has the generator's
// state of its twin. The kernel tells where it has a vmgenid device; elsewhere the clocks and the boot id give it away. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/handle.hpp"

namespace qeaas::cli {

struct ClockReading {
  std::chrono::nanoseconds monotonic{};  // stands still while the machine is suspended
  std::chrono::nanoseconds boottime{};   // does not
  std::chrono::nanoseconds realtime{};   // the wall clock
  std::string boot_id;                   // empty: unknown
};
// read_clocks asks this machine.
ClockReading read_clocks();

class ClockWatch {
 public:
  explicit ClockWatch(ClockReading first) : last_(std::move(first)) {}
  // observe compares with the reading before, and gives what happened, or nothing. asked is how long the caller meant to sleep at most.
  // What it takes for a jump: a wall clock or a suspend beyond 1 s (and beyond the tenth that clock daemons slew by), 10 s of not running.
  // A false alarm costs one feeding.
  std::optional<std::string> observe(ClockReading now, std::chrono::nanoseconds asked);

 private:
  ClockReading last_;
};

// tells_of_fork: whether a uevent of the kernel (fields that end with NUL), or a record of /dev/kmsg ("priority,sequence,time,flags;text"),
// tells of a new generation of the virtual machine. Records that programs wrote are not the kernel's.
bool uevent_tells_of_fork(std::string_view datagram) noexcept;
bool record_tells_of_fork(std::string_view record) noexcept;

// ForkNews is the kernel's two ways of telling. Where neither can be had (rights, namespaces), the clocks alone remain.
class ForkNews {
 public:
  ForkNews();
  int uevents() const noexcept { return uevents_.get(); }  // to wait for; -1: none
  int records() const noexcept { return records_.get(); }
  // take reads all that waits, and tells whether there was such news in it.
  bool take();

 private:
  bool take_uevents();
  bool take_records();
  FileDescriptor uevents_;
  FileDescriptor records_;
};

}  // namespace qeaas::cli
