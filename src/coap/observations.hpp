// SPDX-License-Identifier: GPL-3.0-or-later
// Observations of /random (RFC 7641): who gets fresh bytes, what kind, and when the next notification is due. Here the resource
// "changes" by the clock, so the pace is the observer's own. One thread.
#pragma once

#include <chrono>
#include <optional>

#include "coap/transfers.hpp"
#include "wire/coap_message.hpp"

namespace qeaas::coap {

inline constexpr std::chrono::seconds kDefaultEvery{60};
inline constexpr unsigned kMaxUnconfirmed = 4;                // after so many NON notifications comes a CON
inline constexpr std::chrono::hours kMaxUnconfirmedTime{24};  // RFC 7641 4.5

struct Observation {
  Peer* peer = nullptr;
  Token token;
  BodyKey key;
  BlockWish wish;
  std::chrono::seconds every{kDefaultEvery};
  std::uint32_t number = 0;                // of the last notification, 24 bits
  unsigned unconfirmed = kMaxUnconfirmed;  // NON notifications since the last CON: the first notification is a CON
  TimePoint confirmed_at{};                // when the peer was last known to want it
  std::optional<std::uint16_t> last_id;    // of the last notification: a reset of it ends the observation
};

class Observations {
 public:
  explicit Observations(std::size_t count) : slots_(count) {}

  // put adds an observation or replaces the one of the same peer and token (RFC 7641 4.1). kNoSlot: the peer or the table has no
  // room; the request is then answered without Observe.
  std::uint32_t put(Peer& peer, Observation observation, TimePoint now);
  bool has_room(const Peer& peer, const Token& token) const noexcept;
  std::uint32_t find(const Peer& peer, const Token& token) const noexcept;
  std::uint32_t find_by_id(const Peer& peer, std::uint16_t id) const noexcept;
  void erase(std::uint32_t slot) noexcept;

  std::uint32_t due(TimePoint now) const noexcept { return deadlines_.due(now); }
  // advance sets the next tick; ticks that were missed are not made up for.
  void advance(std::uint32_t slot, TimePoint now);
  // next_number gives the Observe value of the next notification: later is greater (RFC 7641 3.4).
  std::uint32_t next_number(std::uint32_t slot, TimePoint now) noexcept;

  Observation& operator[](std::uint32_t slot) noexcept { return slots_[slot]; }
  const Observation& operator[](std::uint32_t slot) const noexcept { return slots_[slot]; }
  std::optional<TimePoint> next_deadline() const noexcept { return deadlines_.earliest(); }
  std::size_t size() const noexcept { return slots_.size(); }

 private:
  Slots<Observation> slots_;
  Deadlines deadlines_;
};

// needs_confirmation: every fifth notification, and whenever a day would pass without proof of interest.
bool needs_confirmation(const Observation& observation, TimePoint now) noexcept;

}  // namespace qeaas::coap
