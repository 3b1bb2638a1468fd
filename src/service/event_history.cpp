// SPDX-License-Identifier: GPL-3.0-or-later
// The ring of the last events.
#include "service/event_history.hpp"

namespace qeaas {
namespace {

constexpr std::array<std::string_view, 5> kNames{"alarm", "intermittent", "lost", "back", "started-up"};

// cut shortens UTF-8 without leaving half a character.
std::string_view cut(std::string_view text) noexcept {
  if (text.size() <= EventHistory::kMaxTextBytes) return text;
  auto size = EventHistory::kMaxTextBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  return text.substr(0, size);
}

}  // namespace

std::string_view name(EventKind kind) noexcept { return kNames[static_cast<std::size_t>(kind)]; }

void EventHistory::add(std::string_view source, EventKind what, std::string_view text) noexcept {
  text = cut(text);
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::system_clock::now();
  if (auto* latest = latest_of(source); latest != nullptr && latest->what == what && latest->text == text) {
    ++latest->count;
    latest->last = now;
    return;
  }
  auto& slot = events_[(begin_ + size_) % kEvents];
  if (size_ == kEvents) begin_ = (begin_ + 1) % kEvents;
  if (size_ < kEvents) ++size_;
  slot = {now, now, 1, std::string(source), what, std::string(text)};
}

Event* EventHistory::latest_of(std::string_view source) noexcept {
  for (std::size_t back = 1; back <= size_; ++back) {
    auto& event = events_[(begin_ + size_ - back) % kEvents];
    if (event.source == source) return &event;
  }
  return nullptr;
}

std::vector<Event> EventHistory::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<Event> all;
  all.reserve(size_);
  for (std::size_t i = 0; i < size_; ++i) all.push_back(events_[(begin_ + i) % kEvents]);
  return all;
}

}  // namespace qeaas
