// SPDX-License-Identifier: GPL-3.0-or-later
// Slots: a bounded table with stable numbers, and an earliest-deadline queue over those numbers. Memory grows to the most that was
// ever in use and never beyond the bound. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "coap/peer.hpp"

namespace qeaas::coap {

// Deadlines is an indexed binary heap: one deadline a slot.
class Deadlines {
 public:
  void set(std::uint32_t slot, TimePoint at);
  void clear(std::uint32_t slot) noexcept;
  std::optional<TimePoint> earliest() const noexcept {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().at;
  }
  // at is the deadline of a slot that has one.
  TimePoint at(std::uint32_t slot) const noexcept { return heap_[places_[slot]].at; }
  // due gives a slot whose deadline is not after now, or kNoSlot.
  std::uint32_t due(TimePoint now) const noexcept { return !heap_.empty() && heap_.front().at <= now ? heap_.front().slot : kNoSlot; }

 private:
  struct Item {
    TimePoint at;
    std::uint32_t slot;
  };
  void put(std::size_t place, const Item& item) noexcept;
  void rise(std::size_t place) noexcept;
  void sink(std::size_t place) noexcept;

  std::vector<Item> heap_;
  std::vector<std::uint32_t> places_;  // of each slot in the heap; kNoSlot: not there
};

template <class T>
class Slots {
 public:
  explicit Slots(std::size_t capacity) noexcept : capacity_(capacity) {}

  // insert gives kNoSlot when the table is full. References to other slots stay valid.
  std::uint32_t insert(T item) {
    if (size() == capacity_) return kNoSlot;
    if (free_.empty()) {
      items_.push_back(std::move(item));
      free_.reserve(items_.size());  // so that erase never allocates
      return static_cast<std::uint32_t>(items_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    items_[slot] = std::move(item);
    return slot;
  }
  void erase(std::uint32_t slot) noexcept {
    items_[slot] = T{};
    free_.push_back(slot);
  }
  T& operator[](std::uint32_t slot) noexcept { return items_[slot]; }
  const T& operator[](std::uint32_t slot) const noexcept { return items_[slot]; }
  std::size_t size() const noexcept { return items_.size() - free_.size(); }
  // used is one more than the highest slot that ever held an item.
  std::size_t used() const noexcept { return items_.size(); }
  bool full() const noexcept { return size() == capacity_; }

 private:
  std::size_t capacity_;
  std::deque<T> items_;
  std::vector<std::uint32_t> free_;
};

}  // namespace qeaas::coap
