// SPDX-License-Identifier: GPL-3.0-or-later
// Transfers: bodies larger than one block, kept while a peer fetches them (RFC 7959): one a peer, at most 30 s, at most so many bytes
// for the worker. A kept draw is wiped after its last block, when it is replaced, when its time is over and when the peer goes.
#pragma once

#include <chrono>
#include <optional>

#include "base/provenance.hpp"
#include "coap/answer.hpp"
#include "coap/slots.hpp"

namespace qeaas::coap {

inline constexpr std::chrono::seconds kTransferLifetime{30};

enum class Resource : std::uint8_t { random, sources, health, forwarded };

// BodyKey says which requests ask for the same body.
struct BodyKey {
  Resource resource = Resource::random;
  std::uint16_t format = format::kOctetStream;
  EntropyType type = EntropyType::mixed;
  std::uint32_t bytes = 0;
  std::uint64_t digest = 0;  // of a forwarded request: of address and Accept
  friend bool operator==(const BodyKey&, const BodyKey&) noexcept = default;
};

// BodyForm is what the blocks of a body have in common beside their key.
struct BodyForm {
  std::optional<std::uint16_t> content_format;
  TimePoint fresh_until{};  // Max-Age counts down to it
};

struct Transfer {
  Peer* peer = nullptr;
  BodyKey key;
  Etag etag{};
  BodyForm form;
  SecretBytes body;
  std::size_t held_bytes = 0;
};

class Transfers {
 public:
  Transfers(std::size_t count, std::size_t bytes) : max_bytes_(bytes), slots_(count) {}

  // room_for is true when keep would succeed for a body of that size.
  bool room_for(const Peer& peer, std::size_t bytes) const noexcept;
  // keep holds the body in place of the peer's earlier one; null when there is no room.
  const Transfer* keep(Peer& peer, const BodyKey& key, const Etag& etag, SecretBytes body, TimePoint now, const BodyForm& form = {});
  const Transfer* find(const Peer& peer, TimePoint now) const noexcept;
  void drop(Peer& peer) noexcept;
  void expire(TimePoint now) noexcept;
  std::optional<TimePoint> next_deadline() const noexcept { return deadlines_.earliest(); }

  std::size_t size() const noexcept { return slots_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Slots<Transfer> slots_;
  Deadlines deadlines_;
};

}  // namespace qeaas::coap
