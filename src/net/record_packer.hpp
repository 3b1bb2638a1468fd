// SPDX-License-Identifier: GPL-3.0-or-later
// RecordPacker: joins the records that one call of the DTLS engine makes for one peer into as few datagrams as the path allows
// (RFC 9147 4.3): an acknowledgement and a ticket, the end of a flight. Only records of one epoch are joined: wolfSSL, as the peer,
// drops the whole datagram when its first record is of an epoch that it has left, and a retransmission would be lost again and again.
#pragma once

#include <algorithm>
#include <vector>

#include "net/datagram.hpp"

namespace qeaas {

class RecordPacker {
 public:
  RecordPacker(DatagramSink& sink, std::size_t max_datagram_bytes) : sink_(sink), max_bytes_(max_datagram_bytes) {
    pending_.reserve(std::max(max_datagram_bytes, kMaxDatagramBytes));
  }
  // add takes what wolfSSL would have sent as one datagram; it leaves at the next flush, or earlier when it no longer fits.
  void add(const Address& to, Bytes records) noexcept {
    const auto epoch = epoch_of(records[0]);
    if (!pending_.empty() && (pending_.size() + records.size() > max_bytes_ || epoch != epoch_ || !(to == to_))) flush();
    to_ = to;
    epoch_ = epoch;
    pending_.insert(pending_.end(), records.begin(), records.end());
  }
  void flush() noexcept {
    if (pending_.empty()) return;
    sink_.send(to_, pending_);
    pending_.clear();
  }

 private:
  // epoch_of tells plain records from encrypted ones, and these by the epoch bits of the unified header.
  static constexpr int epoch_of(std::uint8_t first) noexcept { return (first & 0xE0) == 0x20 ? 1 + (first & 3) : 0; }

  DatagramSink& sink_;
  std::size_t max_bytes_;
  int epoch_ = 0;
  Address to_;
  std::vector<std::uint8_t> pending_;
};

}  // namespace qeaas
