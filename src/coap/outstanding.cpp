// SPDX-License-Identifier: GPL-3.0-or-later
// Binary exponential back-off: the time-out doubles with every retransmission.
#include "coap/outstanding.hpp"

namespace qeaas::coap {

bool Outstanding::start(Peer& peer, std::uint16_t id, Bytes datagram, std::uint32_t observation, std::uint64_t random, TimePoint now) {
  if (!has_room(peer)) return false;
  const std::chrono::milliseconds timeout = kAckTimeout + std::chrono::milliseconds(random % (kAckRandomSpan.count() + 1));
  const std::uint32_t slot = slots_.insert(Confirmable{&peer, id, SecretBytes(datagram), observation, 0, timeout});
  peer.coap_state().outstanding = slot;
  deadlines_.set(slot, now + timeout);
  return true;
}

Confirmable* Outstanding::of(const Peer& peer) noexcept {
  const std::uint32_t slot = peer.coap_state().outstanding;
  return slot == kNoSlot ? nullptr : &slots_[slot];
}

void Outstanding::finish(Peer& peer) noexcept {
  std::uint32_t& slot = peer.coap_state().outstanding;
  if (slot == kNoSlot) return;
  deadlines_.clear(slot);
  slots_.erase(slot);
  slot = kNoSlot;
}

const Confirmable* Outstanding::again(std::uint32_t slot, TimePoint now) noexcept {
  Confirmable& message = slots_[slot];
  if (message.retransmissions == kMaxRetransmit) return nullptr;
  ++message.retransmissions;
  message.timeout *= 2;
  deadlines_.set(slot, now + message.timeout);
  return &message;
}

}  // namespace qeaas::coap
