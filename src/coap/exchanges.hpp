// SPDX-License-Identifier: GPL-3.0-or-later
// Exchanges: which messages of a peer were already handled, and with which answer (RFC 7252 4.2, 4.5). Two rings of fixed size: the
// message IDs, and the bytes of the answers; when one is full the oldest goes. Answers hold random bytes, so they are wiped as soon
// as no retransmission can ask for them. One thread; nothing allocates after construction.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "coap/peer.hpp"

namespace qeaas::coap {

// RFC 7252 4.8.2, with the default transmission parameters.
inline constexpr std::chrono::seconds kMaxTransmitSpan{45};
inline constexpr std::chrono::seconds kExchangeLifetime{247};

class Exchanges {
 public:
  // Both sizes are rounded up to powers of two.
  Exchanges(std::size_t entries, std::size_t bytes);
  ~Exchanges();
  Exchanges(const Exchanges&) = delete;
  Exchanges& operator=(const Exchanges&) = delete;

  // find gives the answer of a message that was handled before: empty when it had none or when that is wiped. None: a new message.
  // The bytes are valid until the next call of remember.
  std::optional<Bytes> find(const Peer& peer, std::uint16_t id, TimePoint now) const noexcept;
  // remember notes a handled message with its answer; empty for one that is not repeated.
  void remember(Peer& peer, std::uint16_t id, Bytes answer, TimePoint now) noexcept;
  // forget wipes all answers of the peer.
  void forget(Peer& peer) noexcept;
  // expire wipes the answers whose time is over.
  void expire(TimePoint now) noexcept;
  // next_deadline is up to one second late, so that a busy worker is not woken for each answer.
  std::optional<TimePoint> next_deadline() const noexcept;

  // memory is all that is kept of answers, for tests.
  Bytes memory() const noexcept { return bytes_.span(); }

 private:
  struct Entry {
    std::uint64_t peer = 0;
    TimePoint at{};
    std::uint64_t position = 0;          // of the answer, counted as if the ring had no end
    std::uint64_t previous_of_peer = 0;  // sequence number of the peer's entry before this one
    std::uint64_t next_in_bucket = 0;
    std::uint16_t length = 0;
    std::uint16_t id = 0;
  };

  Entry& entry(std::uint64_t sequence) noexcept { return entries_[sequence & (entries_.size() - 1)]; }
  const Entry& entry(std::uint64_t sequence) const noexcept { return entries_[sequence & (entries_.size() - 1)]; }
  std::uint64_t& bucket(std::uint64_t peer, std::uint16_t id) noexcept { return buckets_[bucket_index(peer, id)]; }
  std::size_t bucket_index(std::uint64_t peer, std::uint16_t id) const noexcept;
  MutableBytes answer(const Entry& entry) noexcept;
  void wipe_oldest() noexcept;
  void drop_oldest() noexcept;
  std::uint64_t place(std::size_t length) noexcept;

  std::vector<Entry> entries_;
  std::vector<std::uint64_t> buckets_;  // sequence number of the newest entry; 0: none
  SecretBytes bytes_;
  // Sequence numbers: first_ <= wiped_ <= next_. Entries from wiped_ on may have an answer.
  std::uint64_t first_ = 1;
  std::uint64_t wiped_ = 1;
  std::uint64_t next_ = 1;
  std::uint64_t write_position_ = 0;
};

}  // namespace qeaas::coap
