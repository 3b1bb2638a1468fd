// SPDX-License-Identifier: GPL-3.0-or-later
// Observe numbers are milliseconds of the clock modulo 2^24: they rise by less than 2^23 in 256 s, as RFC 7641 4.4 asks, and go on
// rising when a client registers again with the same token.
#include "coap/observations.hpp"

#include <algorithm>

namespace qeaas::coap {
namespace {

constexpr std::uint32_t kNumberMask = (1u << 24) - 1;

}  // namespace

bool Observations::has_room(const Peer& peer, const Token& token) const noexcept {
  if (find(peer, token) != kNoSlot) return true;
  const auto& own = peer.coap_state().observations;
  return std::find(own.begin(), own.end(), kNoSlot) != own.end() && !slots_.full();
}

std::uint32_t Observations::put(Peer& peer, Observation observation, TimePoint now) {
  if (!has_room(peer, observation.token)) return kNoSlot;
  observation.peer = &peer;
  observation.confirmed_at = now;
  std::uint32_t slot = find(peer, observation.token);
  if (slot != kNoSlot) {
    observation.number = slots_[slot].number;
    slots_[slot] = observation;
  } else {
    slot = slots_.insert(observation);
    auto& own = peer.coap_state().observations;
    *std::find(own.begin(), own.end(), kNoSlot) = slot;
  }
  deadlines_.set(slot, now + observation.every);
  return slot;
}

std::uint32_t Observations::find(const Peer& peer, const Token& token) const noexcept {
  for (const std::uint32_t slot : peer.coap_state().observations)
    if (slot != kNoSlot && slots_[slot].token == token) return slot;
  return kNoSlot;
}

std::uint32_t Observations::find_by_id(const Peer& peer, std::uint16_t id) const noexcept {
  for (const std::uint32_t slot : peer.coap_state().observations)
    if (slot != kNoSlot && slots_[slot].last_id == id) return slot;
  return kNoSlot;
}

void Observations::erase(std::uint32_t slot) noexcept {
  auto& own = slots_[slot].peer->coap_state().observations;
  std::replace(own.begin(), own.end(), slot, kNoSlot);
  deadlines_.clear(slot);
  slots_.erase(slot);
}

void Observations::advance(std::uint32_t slot, TimePoint now) {
  const TimePoint next = deadlines_.at(slot) + slots_[slot].every;
  deadlines_.set(slot, next > now ? next : now + slots_[slot].every);
}

std::uint32_t Observations::next_number(std::uint32_t slot, TimePoint now) noexcept {
  const auto clock = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  std::uint32_t& number = slots_[slot].number;
  const std::uint32_t next = static_cast<std::uint32_t>(clock) & kNumberMask;
  number = next == number ? (number + 1) & kNumberMask : next;
  return number;
}

bool needs_confirmation(const Observation& observation, TimePoint now) noexcept {
  return observation.unconfirmed >= kMaxUnconfirmed || now - observation.confirmed_at + observation.every > kMaxUnconfirmedTime;
}

}  // namespace qeaas::coap
