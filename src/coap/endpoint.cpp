// SPDX-License-Identifier: GPL-3.0-or-later
// The message layer of the endpoint (RFC 7252 section 4): what a datagram is, whether it was seen before, and how an answer leaves.
// Every answer is remembered before it is sent, so that a lost one is repeated and never drawn again.
#include "coap/endpoint.hpp"

#include <algorithm>

namespace qeaas::coap {
namespace {

void earliest(std::optional<TimePoint>& sofar, std::optional<TimePoint> other) noexcept {
  if (other && (!sofar || *other < *sofar)) sofar = other;
}

}  // namespace

Endpoint::Endpoint(Seams seams, Secret<32> seed, const Limits& limits)
    : seams_(std::move(seams)),
      dice_(derive_key(seed, "coap dice")),
      exchanges_(limits.exchanges, limits.exchange_bytes),
      transfers_(limits.transfers, limits.transfer_bytes),
      observations_(limits.observations),
      outstanding_(limits.observations),
      echo_(derive_key(seed, "coap echo"), limits.verified_addresses),
      forwards_(limits.forwards),
      cache_(seams_.proxy.cache_bytes) {}

void Endpoint::introduce(Peer& peer) noexcept {
  PeerState& state = peer.coap_state();
  if (state.serial != 0) return;
  state.serial = ++last_serial_;
  state.next_id = static_cast<std::uint16_t>(dice_.next());
}

void Endpoint::on_datagram(Peer& peer, Bytes datagram, TimePoint now) noexcept {
  introduce(peer);
  on_message(peer, datagram, now);
  send_next(peer, now);
}

void Endpoint::on_message(Peer& peer, Bytes datagram, TimePoint now) noexcept {
  const auto message = parse(datagram);
  if (!message) {
    reject(peer, message.error().action == Rejection::Action::reset ? Type::con : Type::non, message.error().id);
  } else if (message->type == Type::ack) {
    // A reserved code makes an ACK meaningless (RFC 7252 4.2); a response in it would answer a request that we never made.
    if (!message->code.is_reserved() && !message->code.is_request()) on_acknowledgement(peer, message->id, now);
  } else if (message->type == Type::rst) {
    if (message->code.is_empty()) on_reset(peer, message->id);
  } else if (message->code.is_request()) {
    on_request(peer, *message, datagram.size(), now);
  } else {
    reject(peer, message->type, message->id);
  }
}

// reject answers what cannot be processed: a reset for a Confirmable message, also for a ping; nothing for others (4.2, 4.3).
void Endpoint::reject(Peer& peer, Type type, std::uint16_t id) noexcept {
  counters_.rejected.add();
  if (type != Type::con) return;
  std::array<std::uint8_t, kHeaderBytes> reset;
  write_empty(reset, Type::rst, id);
  (void)peer.send(reset);
}

// may_amplify: a peer whose address is proved gets what it asks for; others get little, or little more than they sent.
bool Endpoint::may_amplify(const Peer& peer, std::size_t request_bytes, std::size_t answer_bytes, TimePoint now) const noexcept {
  return peer.secure() || answer_bytes <= std::max(kUnverifiedAnswerBytes, kAmplificationFactor * request_bytes) ||
         echo_.verified(peer.address(), now);
}

// repeat_answer goes by the message ID alone (RFC 7252 4.5). A short message with the ID of a long one must not fetch its answer.
bool Endpoint::repeat_answer(Peer& peer, const MessageView& message, std::size_t request_bytes, TimePoint now) noexcept {
  const auto answer = exchanges_.find(peer, message.id, now);
  if (!answer) return false;
  counters_.duplicates.add();
  if (message.type == Type::con && !answer->empty() && may_amplify(peer, request_bytes, answer->size(), now)) (void)peer.send(*answer);
  return true;
}

void Endpoint::on_request(Peer& peer, const MessageView& message, std::size_t request_bytes, TimePoint now) noexcept {
  if (repeat_answer(peer, message, request_bytes, now)) return;
  const auto request = read_request(message.options);
  const Request nothing;
  const Call call{peer, message, request ? *request : nothing, request_bytes, now};
  if (request) {
    counters_.requests.add();
    dispatch(call);
  } else if (request.error() == Unreadable::bad_block) {
    respond(call, refusal(code::kBadRequest, Error::malformed, "Block2 has a reserved size"));
  } else if (message.type == Type::non) {
    reject(peer, message.type, message.id);  // RFC 7252 5.4.1
  } else {
    respond(call, refusal(code::kBadOption, Error::unsupported, "a critical option is not understood"));
  }
}

// respond piggybacks on the ACK of a Confirmable request, and answers a Non-confirmable one in kind (RFC 7252 5.2.1, 5.2.3).
void Endpoint::respond(const Call& call, const Answer& answer, bool remember) noexcept {
  if (remember && !answer.code.is_success()) counters_.refusals.add();
  const bool confirmable = call.message.type == Type::con;
  PeerState& state = call.peer.coap_state();
  const std::uint16_t id = confirmable ? call.message.id : state.next_id++;
  const Bytes datagram = compose(call.peer, confirmable ? Type::ack : Type::non, id, call.message.token, answer);
  if (remember) exchanges_.remember(call.peer, call.message.id, confirmable ? datagram : Bytes{}, call.now);
  (void)call.peer.send(datagram);
  wipe_buffers();
}

Bytes Endpoint::compose(Peer& peer, Type type, std::uint16_t id, const Token& token, const Answer& answer) noexcept {
  const MutableBytes room = MutableBytes{out_}.first(std::min(out_.size(), peer.max_datagram_bytes()));
  auto size = write_answer(room, type, id, token, answer);
  if (!size) size = write_answer(out_, type, id, token, Answer{.code = code::kInternalServerError});
  out_used_ = room.size();
  return Bytes{out_}.first(size.value_or(0));
}

void Endpoint::wipe_buffers() noexcept {
  wipe(MutableBytes{out_}.first(out_used_));
  wipe(MutableBytes{random_}.first(random_used_));
  wipe(MutableBytes{body_}.first(body_used_));
  out_used_ = random_used_ = body_used_ = 0;
}

void Endpoint::on_acknowledgement(Peer& peer, std::uint16_t id, TimePoint now) noexcept {
  const Confirmable* message = outstanding_.of(peer);
  if (message == nullptr || message->id != id) return;
  if (message->observation != kNoSlot) observations_[message->observation].confirmed_at = now;
  outstanding_.finish(peer);
}

// on_reset: a peer that rejects a notification wants no more of them (RFC 7641 3.6). Resets of our answers mean nothing.
void Endpoint::on_reset(Peer& peer, std::uint16_t id) noexcept {
  const Confirmable* message = outstanding_.of(peer);
  const bool awaited = message != nullptr && message->id == id;
  const std::uint32_t slot = awaited ? message->observation : observations_.find_by_id(peer, id);
  if (awaited) outstanding_.finish(peer);
  if (slot == kNoSlot) return;
  counters_.observers_lost.add();
  remove_observation(slot);
}

void Endpoint::on_timer(TimePoint now) noexcept {
  exchanges_.expire(now);
  transfers_.expire(now);
  for (auto slot = outstanding_.due(now); slot != kNoSlot; slot = outstanding_.due(now)) {
    Peer& peer = *outstanding_[slot].peer;
    retransmit(slot, now);
    send_next(peer, now);
  }
  for (auto slot = observations_.due(now); slot != kNoSlot; slot = observations_.due(now)) {
    Peer& peer = *observations_[slot].peer;
    notify(slot, now);
    send_next(peer, now);
  }
}

std::optional<TimePoint> Endpoint::next_deadline() const noexcept {
  std::optional<TimePoint> next = exchanges_.next_deadline();
  earliest(next, transfers_.next_deadline());
  earliest(next, outstanding_.next_deadline());
  earliest(next, observations_.next_deadline());
  return next;
}

void Endpoint::on_closed(Peer& peer) noexcept {
  remove_observations(peer);
  drop_forwards(peer);
  outstanding_.finish(peer);
  transfers_.drop(peer);
  exchanges_.forget(peer);
  peer.coap_state().serial = 0;
}

}  // namespace qeaas::coap
