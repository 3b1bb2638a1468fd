// SPDX-License-Identifier: GPL-3.0-or-later
// Accounting counts what was allocated, not what is left after shrink.
#include "coap/transfers.hpp"

namespace qeaas::coap {

bool Transfers::room_for(const Peer& peer, std::size_t bytes) const noexcept {
  const std::uint32_t own = peer.coap_state().transfer;
  if (own == kNoSlot) return !slots_.full() && bytes_ + bytes <= max_bytes_;
  return bytes_ - slots_[own].held_bytes + bytes <= max_bytes_;
}

const Transfer* Transfers::keep(Peer& peer, const BodyKey& key, const Etag& etag, SecretBytes body, TimePoint now, const BodyForm& form) {
  const std::size_t size = body.size();
  if (!room_for(peer, size)) return nullptr;
  drop(peer);
  const std::uint32_t slot = slots_.insert(Transfer{&peer, key, etag, form, std::move(body), size});
  peer.coap_state().transfer = slot;
  bytes_ += size;
  deadlines_.set(slot, now + kTransferLifetime);
  return &slots_[slot];
}

const Transfer* Transfers::find(const Peer& peer, TimePoint now) const noexcept {
  const std::uint32_t slot = peer.coap_state().transfer;
  if (slot == kNoSlot || deadlines_.at(slot) <= now) return nullptr;
  return &slots_[slot];
}

void Transfers::drop(Peer& peer) noexcept {
  std::uint32_t& slot = peer.coap_state().transfer;
  if (slot == kNoSlot) return;
  bytes_ -= slots_[slot].held_bytes;
  deadlines_.clear(slot);
  slots_.erase(slot);
  slot = kNoSlot;
}

void Transfers::expire(TimePoint now) noexcept {
  for (auto slot = deadlines_.due(now); slot != kNoSlot; slot = deadlines_.due(now)) drop(*slots_[slot].peer);
}

}  // namespace qeaas::coap
