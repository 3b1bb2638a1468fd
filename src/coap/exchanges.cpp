// SPDX-License-Identifier: GPL-3.0-or-later
// Positions and sequence numbers only grow; masks bring them into the rings. That keeps "older than" a plain comparison.
#include "coap/exchanges.hpp"

#include <algorithm>
#include <bit>

namespace qeaas::coap {

Exchanges::Exchanges(std::size_t entries, std::size_t bytes)
    : entries_(std::bit_ceil(std::max<std::size_t>(entries, 2))),
      buckets_(2 * entries_.size(), 0),
      bytes_(std::bit_ceil(std::max<std::size_t>(bytes, 2048))) {}

Exchanges::~Exchanges() = default;

std::size_t Exchanges::bucket_index(std::uint64_t peer, std::uint16_t id) const noexcept {
  // Serials are ours and IDs of a peer mostly run on, so one multiplication spreads them enough; nobody can aim at the worst case
  // beyond the entries of a bucket, since a peer has 2^16 IDs and one serial.
  const std::uint64_t mixed = (peer << 16 | id) * 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(mixed >> 32) & (buckets_.size() - 1);
}

MutableBytes Exchanges::answer(const Entry& entry) noexcept {
  return bytes_.span().subspan(entry.position & (bytes_.size() - 1), entry.length);
}

std::optional<Bytes> Exchanges::find(const Peer& peer, std::uint16_t id, TimePoint now) const noexcept {
  const std::uint64_t serial = peer.coap_state().serial;
  for (std::uint64_t at = buckets_[bucket_index(serial, id)]; at >= first_; at = entry(at).next_in_bucket) {
    const Entry& found = entry(at);
    if (found.peer != serial || found.id != id) continue;
    const auto age = now - found.at;
    if (age >= kExchangeLifetime) return std::nullopt;
    if (at < wiped_ || age >= kMaxTransmitSpan) return Bytes{};
    return bytes_.span().subspan(found.position & (bytes_.size() - 1), found.length);
  }
  return std::nullopt;
}

void Exchanges::remember(Peer& peer, std::uint16_t id, Bytes bytes, TimePoint now) noexcept {
  if (bytes.size() > bytes_.size()) bytes = {};
  const std::uint64_t position = place(bytes.size());
  if (next_ - first_ == entries_.size()) drop_oldest();

  PeerState& state = peer.coap_state();
  std::uint64_t& head = bucket(state.serial, id);
  Entry& added = entry(next_);
  added = Entry{state.serial, now, position, state.last_exchange, head, static_cast<std::uint16_t>(bytes.size()), id};
  std::copy(bytes.begin(), bytes.end(), answer(added).begin());
  head = next_;
  state.last_exchange = next_++;
  write_position_ = position + bytes.size();
}

// place finds room for an answer in one piece, at the cost of the oldest ones.
std::uint64_t Exchanges::place(std::size_t length) noexcept {
  const std::uint64_t size = bytes_.size();
  std::uint64_t position = write_position_;
  const std::uint64_t left = size - (position & (size - 1));
  if (length > left) position += left;
  while (wiped_ < next_ && position + length - entry(wiped_).position > size) wipe_oldest();
  return position;
}

void Exchanges::wipe_oldest() noexcept {
  Entry& oldest = entry(wiped_++);
  wipe(answer(oldest));
  oldest.length = 0;
}

void Exchanges::drop_oldest() noexcept {
  if (wiped_ == first_) wipe_oldest();
  const Entry& oldest = entry(first_);
  std::uint64_t* link = &bucket(oldest.peer, oldest.id);
  while (*link != first_) link = &entry(*link).next_in_bucket;
  *link = 0;  // the oldest entry is the last of its bucket
  ++first_;
}

void Exchanges::forget(Peer& peer) noexcept {
  PeerState& state = peer.coap_state();
  for (std::uint64_t at = state.last_exchange; at >= wiped_; at = entry(at).previous_of_peer) {
    wipe(answer(entry(at)));
    entry(at).length = 0;
  }
  state.last_exchange = 0;
}

void Exchanges::expire(TimePoint now) noexcept {
  while (wiped_ < next_ && now - entry(wiped_).at >= kMaxTransmitSpan) wipe_oldest();
  while (first_ < wiped_ && now - entry(first_).at >= kExchangeLifetime) drop_oldest();
}

std::optional<TimePoint> Exchanges::next_deadline() const noexcept {
  if (wiped_ == next_) return std::nullopt;
  return entry(wiped_).at + kMaxTransmitSpan + 1s;
}

}  // namespace qeaas::coap
