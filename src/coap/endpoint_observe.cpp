// SPDX-License-Identifier: GPL-3.0-or-later
// Observe (RFC 7641): registration, notifications, and the end of an observation. Every notification is a new draw. At most one CON is
// under way to a peer (NSTART); a notification that would need a second one is left out rather than queued, since later bytes are as
// good as earlier ones.
#include <algorithm>

#include "coap/endpoint.hpp"

namespace qeaas::coap {

void Endpoint::observe_random(const Call& call, const BodyKey& key, std::optional<std::uint32_t> every_seconds) {
  Observation wanted;
  wanted.token = call.message.token;
  wanted.key = key;
  wanted.wish = wish_of(call.request, call.peer.max_datagram_bytes());
  if (every_seconds) wanted.every = std::chrono::seconds(*every_seconds);

  Answer answer = draw(call.peer, key, wanted.wish, call.now);
  if (answer.code.is_success()) {
    const std::uint32_t slot = observations_.put(call.peer, wanted, call.now);
    if (slot != kNoSlot) answer.observe = observations_.next_number(slot, call.now);
  } else if (const auto slot = observations_.find(call.peer, call.message.token); slot != kNoSlot) {
    remove_observation(slot);
  }
  respond(call, answer);
}

void Endpoint::notify(std::uint32_t slot, TimePoint now) {
  observations_.advance(slot, now);
  Observation& observation = observations_[slot];
  Peer& peer = *observation.peer;
  const bool confirmable = needs_confirmation(observation, now);
  const Confirmable* waiting = outstanding_.of(peer);
  if (waiting != nullptr && waiting->observation == slot) return;  // RFC 7641 4.5.1: not before that one is acknowledged
  if (confirmable && !outstanding_.has_room(peer)) return;

  BlockWish wish = observation.wish;
  wish.szx = std::min(wish.szx, fitting_szx(peer.max_datagram_bytes()));
  Answer answer = draw(peer, observation.key, wish, now);
  if (!answer.code.is_success()) return end_with(slot, answer, now);
  answer.observe = observations_.next_number(slot, now);
  observation.unconfirmed = confirmable ? 0 : observation.unconfirmed + 1;
  observation.last_id = peer.coap_state().next_id;
  counters_.notifications.add();
  start_message(peer, observation.token, answer, confirmable, slot, now);
}

// end_with tells the observer why there will be no more (RFC 7641 4.2), and forgets it.
void Endpoint::end_with(std::uint32_t slot, const Answer& answer, TimePoint now) {
  Peer& peer = *observations_[slot].peer;
  const Token token = observations_[slot].token;
  remove_observation(slot);
  counters_.refusals.add();
  start_message(peer, token, answer, outstanding_.has_room(peer), kNoSlot, now);
}

// start_message sends a message of our own: a separate response. A Confirmable one is repeated until it is acknowledged.
void Endpoint::start_message(Peer& peer, const Token& token, const Answer& answer, bool confirmable, std::uint32_t slot, TimePoint now) {
  const std::uint16_t id = peer.coap_state().next_id++;
  const Bytes datagram = compose(peer, confirmable ? Type::con : Type::non, id, token, answer);
  if (confirmable) outstanding_.start(peer, id, datagram, slot, dice_.next(), now);
  (void)peer.send(datagram);
  wipe_buffers();
}

void Endpoint::retransmit(std::uint32_t slot, TimePoint now) {
  Peer& peer = *outstanding_[slot].peer;
  if (const Confirmable* message = outstanding_.again(slot, now); message != nullptr) {
    counters_.retransmissions.add();
    (void)peer.send(message->datagram.span());
    return;
  }
  // Nobody is there (RFC 7641 4.5): the observations of a silent peer end, all of them, and what it waits for is not fetched.
  outstanding_.finish(peer);
  drop_forwards(peer);
  const auto& own = peer.coap_state().observations;
  counters_.observers_lost.add(static_cast<std::uint64_t>(std::count_if(own.begin(), own.end(), [](auto s) { return s != kNoSlot; })));
  remove_observations(peer);
}

void Endpoint::remove_observation(std::uint32_t slot) noexcept {
  Peer& peer = *observations_[slot].peer;
  if (const Confirmable* message = outstanding_.of(peer); message != nullptr && message->observation == slot) outstanding_.finish(peer);
  observations_.erase(slot);
}

void Endpoint::remove_observations(Peer& peer) noexcept {
  for (const std::uint32_t slot : std::array(peer.coap_state().observations))
    if (slot != kNoSlot) remove_observation(slot);
}

}  // namespace qeaas::coap
