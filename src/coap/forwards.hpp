// SPDX-License-Identifier: GPL-3.0-or-later
// Forwards: proxy requests that wait, first for their origin, then for their turn to be sent, since only one Confirmable message may be
// under way to a peer (RFC 7252 4.7). Bounded, a few a peer. One thread.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "coap/forwarder.hpp"
#include "coap/slots.hpp"
#include "coap/transfers.hpp"
#include "wire/coap_message.hpp"

namespace qeaas::coap {

inline constexpr std::size_t kMaxForwardsPerPeer = 4;
inline constexpr std::size_t kMaxRequestEtags = 4;

struct Forward {
  Peer* peer = nullptr;     // null: the slot is free
  std::uint64_t order = 0;  // of arrival; never used twice
  Forwarder::Ticket ticket = 0;
  Token token;
  bool confirmable = false;
  BlockWish wish;
  std::optional<std::uint32_t> accept;
  BodyKey key;
  std::string cache_key;
  std::uint16_t origin_port = 0;
  std::array<Etag, kMaxRequestEtags> etags{};  // what the client has already
  std::size_t etag_count = 0;
  std::uint16_t id = 0;  // of the separate response
  SecretBytes datagram;  // the separate response, once it is made and until it may be sent
};

class Forwards {
 public:
  explicit Forwards(std::size_t count) : slots_(count) {}

  bool full() const noexcept { return slots_.full(); }
  // add gives kNoSlot when there is no room.
  std::uint32_t add(Forward forward);
  void erase(std::uint32_t slot) noexcept;
  // find is kNoSlot when that forward has ended.
  std::uint32_t find(std::uint32_t slot, std::uint64_t order) const noexcept;
  // of gives some forward of the peer; kNoSlot: it has none.
  std::uint32_t of(const Peer& peer) const noexcept;
  // next_to_send gives the peer's oldest forward whose response is made.
  std::uint32_t next_to_send(const Peer& peer) const noexcept;

  Forward& operator[](std::uint32_t slot) noexcept { return slots_[slot]; }
  std::size_t size() const noexcept { return slots_.size(); }
  std::uint32_t slots() const noexcept { return static_cast<std::uint32_t>(slots_.used()); }

 private:
  Slots<Forward> slots_;
  std::uint64_t last_order_ = 0;
};

}  // namespace qeaas::coap
