// SPDX-License-Identifier: GPL-3.0-or-later
// The binary heap of Deadlines.
#include "coap/slots.hpp"

namespace qeaas::coap {

void Deadlines::put(std::size_t place, const Item& item) noexcept {
  heap_[place] = item;
  places_[item.slot] = static_cast<std::uint32_t>(place);
}

void Deadlines::rise(std::size_t place) noexcept {
  const Item item = heap_[place];
  while (place > 0 && item.at < heap_[(place - 1) / 2].at) {
    put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(place, item);
}

void Deadlines::sink(std::size_t place) noexcept {
  const Item item = heap_[place];
  for (std::size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) ++child;
    if (item.at <= heap_[child].at) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, item);
}

void Deadlines::set(std::uint32_t slot, TimePoint at) {
  if (slot >= places_.size()) places_.resize(slot + 1, kNoSlot);
  if (places_[slot] == kNoSlot) {
    places_[slot] = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back({at, slot});
  }
  const std::size_t place = places_[slot];
  heap_[place].at = at;
  rise(place);
  sink(places_[slot]);
}

void Deadlines::clear(std::uint32_t slot) noexcept {
  if (slot >= places_.size() || places_[slot] == kNoSlot) return;
  const std::size_t place = places_[slot];
  places_[slot] = kNoSlot;
  const Item last = heap_.back();
  heap_.pop_back();
  if (last.slot == slot) return;
  put(place, last);
  rise(place);
  sink(places_[last.slot]);
}

}  // namespace qeaas::coap
