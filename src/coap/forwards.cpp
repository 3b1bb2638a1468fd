// SPDX-License-Identifier: GPL-3.0-or-later
// Forwards: proxy requests that wait. The table is small, so it is searched; peers without a forward are told apart at once.
#include "coap/forwards.hpp"

namespace qeaas::coap {

std::uint32_t Forwards::add(Forward forward) {
  Peer& peer = *forward.peer;
  forward.order = ++last_order_;
  const std::uint32_t slot = slots_.insert(std::move(forward));
  if (slot != kNoSlot) ++peer.coap_state().forwards;
  return slot;
}

void Forwards::erase(std::uint32_t slot) noexcept {
  --slots_[slot].peer->coap_state().forwards;
  slots_.erase(slot);
}

std::uint32_t Forwards::find(std::uint32_t slot, std::uint64_t order) const noexcept {
  return slot < slots_.used() && slots_[slot].peer != nullptr && slots_[slot].order == order ? slot : kNoSlot;
}

std::uint32_t Forwards::of(const Peer& peer) const noexcept {
  if (peer.coap_state().forwards == 0) return kNoSlot;
  for (std::uint32_t slot = 0; slot < slots_.used(); ++slot)
    if (slots_[slot].peer == &peer) return slot;
  return kNoSlot;
}

std::uint32_t Forwards::next_to_send(const Peer& peer) const noexcept {
  std::uint32_t oldest = kNoSlot;
  if (peer.coap_state().forwards == 0) return oldest;
  for (std::uint32_t slot = 0; slot < slots_.used(); ++slot) {
    if (slots_[slot].peer != &peer || slots_[slot].datagram.empty()) continue;
    if (oldest == kNoSlot || slots_[slot].order < slots_[oldest].order) oldest = slot;
  }
  return oldest;
}

}  // namespace qeaas::coap
