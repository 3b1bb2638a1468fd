// SPDX-License-Identifier: GPL-3.0-or-later
// Peer: the seam between the engine and the network. The glue makes one for each DTLS session, and one for each plain address that
// it knows; the engine sends through it and keeps in it what it must find again at once. Everything else about a peer lies in
// bounded tables of the endpoint, so an idle peer costs the size of PeerState and no heap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas::coap {

inline constexpr std::uint32_t kNoSlot = 0xffffffff;
inline constexpr std::size_t kMaxObservationsPerPeer = 4;
inline constexpr std::size_t kMaxAddressBytes = 24;

// PeerState belongs to the endpoint; the peer only stores it. A moved or copied state would leave the tables pointing at nothing.
struct PeerState {
  PeerState() noexcept { observations.fill(kNoSlot); }
  PeerState(const PeerState&) = delete;
  PeerState& operator=(const PeerState&) = delete;

  std::uint64_t serial = 0;             // 0: the endpoint has not met it; never used twice
  std::uint64_t last_exchange = 0;      // newest entry in the exchange cache; 0: none
  std::uint32_t transfer = kNoSlot;     // the body being fetched block by block
  std::uint32_t outstanding = kNoSlot;  // the Confirmable message awaiting its ACK (NSTART = 1, RFC 7252 4.7)
  std::array<std::uint32_t, kMaxObservationsPerPeer> observations;
  std::uint16_t next_id = 0;   // message ID of the next message that we start
  std::uint16_t forwards = 0;  // proxy requests under way
};
static_assert(sizeof(PeerState) <= 64);

class Peer {
 public:
  Peer() noexcept = default;
  virtual ~Peer() = default;

  // send transmits one datagram: an encrypted record, or plain UDP. A failure is a lost datagram to the engine. It must not call
  // back into the endpoint; report a closed peer afterwards.
  virtual Status send(Bytes datagram) noexcept = 0;
  // max_datagram_bytes is the largest CoAP message that fits one datagram at present; at least 64.
  virtual std::size_t max_datagram_bytes() const noexcept = 0;
  // secure is true when the channel authenticates; the peer's address is then verified too.
  virtual bool secure() const noexcept = 0;
  // identity is the row in the access table (access::kAnonymousId when nothing was proved). Never a pointer: identities are looked
  // up again for each request.
  virtual std::int64_t identity() const noexcept = 0;
  // address is the source address with the port, at most kMaxAddressBytes, always of the same form: a key, not a text.
  virtual Bytes address() const noexcept = 0;

  PeerState& coap_state() noexcept { return state_; }
  const PeerState& coap_state() const noexcept { return state_; }

 private:
  PeerState state_;
};

}  // namespace qeaas::coap
