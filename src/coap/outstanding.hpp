// SPDX-License-Identifier: GPL-3.0-or-later
// Outstanding: Confirmable messages that we started and that wait for their ACK (RFC 7252 4.2), at most one a peer (NSTART = 1). The
// endpoint sends; this table says when, and when to give up. A datagram is kept until then and wiped.
#pragma once

#include <chrono>
#include <optional>

#include "coap/slots.hpp"

namespace qeaas::coap {

// RFC 7252 4.8. ACK_RANDOM_FACTOR 1.5 is kAckRandomSpan added to kAckTimeout at the most.
inline constexpr std::chrono::milliseconds kAckTimeout{2000};
inline constexpr std::chrono::milliseconds kAckRandomSpan{1000};
inline constexpr unsigned kMaxRetransmit = 4;

struct Confirmable {
  Peer* peer = nullptr;
  std::uint16_t id = 0;
  SecretBytes datagram;
  std::uint32_t observation = kNoSlot;  // that it is a notification of; kNoSlot: of none, or of one that is over
  unsigned retransmissions = 0;
  std::chrono::milliseconds timeout{};
};

class Outstanding {
 public:
  explicit Outstanding(std::size_t count) : slots_(count) {}

  // start notes a message that was just sent. False when the peer has one already or the table is full.
  bool start(Peer& peer, std::uint16_t id, Bytes datagram, std::uint32_t observation, std::uint64_t random, TimePoint now);
  Confirmable* of(const Peer& peer) noexcept;
  bool has_room(const Peer& peer) const noexcept { return peer.coap_state().outstanding == kNoSlot && !slots_.full(); }
  // finish removes the peer's message: acknowledged, reset or given up.
  void finish(Peer& peer) noexcept;

  std::uint32_t due(TimePoint now) const noexcept { return deadlines_.due(now); }
  // again prepares the next retransmission of a due message; null when all are used up.
  const Confirmable* again(std::uint32_t slot, TimePoint now) noexcept;
  Confirmable& operator[](std::uint32_t slot) noexcept { return slots_[slot]; }
  std::optional<TimePoint> next_deadline() const noexcept { return deadlines_.earliest(); }
  std::size_t size() const noexcept { return slots_.size(); }

 private:
  Slots<Confirmable> slots_;
  Deadlines deadlines_;
};

}  // namespace qeaas::coap
