// SPDX-License-Identifier: GPL-3.0-or-later
// Supply: one place that random bytes come from, with whatever stays open towards it. One call at a time; the three fork functions are
// called around fork(2), the child's also late, by the first use in a child that was made without the C library's knowledge.
#pragma once

#include <memory>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/handle.hpp"
#include "base/secret.hpp"
#include "settings.hpp"

namespace qeaas::provider {

class Supply {
 public:
  Supply() noexcept = default;
  Supply(const Supply&) = delete;
  Supply& operator=(const Supply&) = delete;
  virtual ~Supply() = default;

  // open prepares what later may not be allowed any more (after a chroot, without privileges). It fails silently: fetch tries again.
  virtual void open() noexcept = 0;
  // fetch fills all of out with bytes that nobody else got, or fails; out then holds nothing of worth. Errors: starved, alarmed,
  // over_quota, forbidden, too_large, timeout, closed, not_found, denied, no_space, refused, io and those of the client library.
  virtual Outcome<void> fetch(MutableBytes out, TimePoint deadline) = 0;

  virtual void before_fork() noexcept {}
  virtual void after_fork_in_parent() noexcept {}
  virtual void after_fork_in_child() noexcept {}
};

// make_supply gives the supply that the settings name. Errors are those of wrong settings: a bad address, a key or certificate that cannot
// be read. That nothing answers is none: it shows when bytes are fetched.
Outcome<std::unique_ptr<Supply>> make_supply(const Settings& settings);
Outcome<std::unique_ptr<Supply>> make_server_supply(const Settings& settings);

// OwnDescriptor is a descriptor that the host program may close behind our back (daemons close "all" of them): it is used only while it
// still is the file that it was, and never closed when it is another's by now.
class OwnDescriptor {
 public:
  OwnDescriptor() noexcept = default;
  OwnDescriptor(const OwnDescriptor&) = delete;
  OwnDescriptor& operator=(const OwnDescriptor&) = delete;
  ~OwnDescriptor() { reset(); }
  // take moves it above the standard three, which a host program may re-open.
  void take(FileDescriptor descriptor) noexcept;
  void take(OwnDescriptor& other) noexcept;
  // ours: open, and the same file as when it was taken.
  bool ours() const noexcept;
  int get() const noexcept { return descriptor_; }
  bool empty() const noexcept { return descriptor_ < 0; }
  void reset() noexcept;

 private:
  int descriptor_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// left_milliseconds is for poll(2): 0 when the deadline has passed.
int left_milliseconds(TimePoint deadline) noexcept;
// system_fault puts errno into words behind what.
tl::unexpected<Fault> system_fault(const std::string& what, int number);

}  // namespace qeaas::provider
