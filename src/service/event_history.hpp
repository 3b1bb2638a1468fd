// SPDX-License-Identifier: GPL-3.0-or-later
// EventHistory: what happened to the sources, for a person who comes later: the last kEvents events of the process. Pumps add, any
// thread reads; thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace qeaas {

enum class EventKind : std::uint8_t {
  alarm,         // a permanent health failure was latched
  intermittent,  // a block was dropped
  lost,          // the source cannot be opened or read
  back,          // it was opened again
  started_up,    // its start-up tests passed: it may be used
};
std::string_view name(EventKind kind) noexcept;  // "alarm", "intermittent", "lost", "back", "started-up"

struct Event {
  std::chrono::system_clock::time_point time;  // of the first, when it happened again and again
  std::chrono::system_clock::time_point last;
  std::uint64_t count = 1;
  std::string source;
  EventKind what = EventKind::alarm;
  std::string text;  // for a person: the test or the error
};

class EventHistory {
 public:
  static constexpr std::size_t kEvents = 256;
  static constexpr std::size_t kMaxTextBytes = 200;  // longer texts are cut

  // add books an event now. One that repeats the same source's latest event is counted there, so that a source that fails every few
  // seconds does not push out everything else.
  void add(std::string_view source, EventKind what, std::string_view text) noexcept;
  // snapshot is a copy, oldest first.
  std::vector<Event> snapshot() const;

 private:
  Event* latest_of(std::string_view source) noexcept;

  mutable std::mutex mutex_;
  std::array<Event, kEvents> events_;  // a ring
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace qeaas
