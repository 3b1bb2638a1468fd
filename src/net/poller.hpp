// SPDX-License-Identifier: GPL-3.0-or-later
// Poller: one epoll set for the many sockets of a stream front. The worker's loop watches the set as a single descriptor, so that a
// request costs no registration, and one wake serves every socket that is ready. Level-triggered. Belongs to one thread.
#pragma once

#include <array>
#include <span>
#include <sys/epoll.h>

#include "base/error.hpp"
#include "base/handle.hpp"

namespace qeaas {

class Poller {
 public:
  static constexpr std::size_t kBatch = 64;
  enum Interest : std::uint32_t { none = 0, read = EPOLLIN | EPOLLRDHUP, write = EPOLLOUT };

  struct Event {
    void* tag;
    bool readable;  // or ended, or failed: reading tells which
    bool writable;
  };

  // make: errors no_space (no descriptors left), io.
  static Result<Poller> make() noexcept;
  int descriptor() const noexcept { return set_.get(); }

  // add watches a descriptor; the tag comes back with its events. Errors: no_space, io.
  Status add(int descriptor, void* tag, std::uint32_t interest) noexcept;
  void change(int descriptor, void* tag, std::uint32_t interest) noexcept;
  // Closing a descriptor removes it; remove is for one that stays open.
  void remove(int descriptor) noexcept;

  // ready gives what is ready now, at most kBatch events, without waiting. Valid until the next call.
  std::span<const Event> ready() noexcept;

 private:
  explicit Poller(FileDescriptor set) noexcept : set_(std::move(set)) {}
  FileDescriptor set_;
  std::array<Event, kBatch> events_{};
};

}  // namespace qeaas
