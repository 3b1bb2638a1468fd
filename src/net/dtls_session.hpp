// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsSession: one peer of a DTLS server: its handshake, its address and connection ID, and the links of the lists that the session table
// keeps. Belongs to one worker; never moves in memory.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "net/address.hpp"
#include "net/handshake.hpp"

namespace qeaas {

inline constexpr std::size_t kCidBytes = 8;  // the worker's index, then 7 random bytes
using ConnectionId = std::array<std::uint8_t, kCidBytes>;

class DtlsServer;

// SessionAttachment is what a front end keeps with a session; it ends with it.
class SessionAttachment {
 public:
  SessionAttachment() = default;
  SessionAttachment(const SessionAttachment&) = delete;
  SessionAttachment& operator=(const SessionAttachment&) = delete;
  virtual ~SessionAttachment() = default;
};

struct DtlsSession : Handshake {
  enum class State : std::uint8_t { listening, handshaking, established };

  explicit DtlsSession(DtlsServer& owner) noexcept : server(&owner) {}
  ~DtlsSession();
  DtlsSession(const DtlsSession&) = delete;
  DtlsSession& operator=(const DtlsSession&) = delete;

  // group is the key exchange as wolfSSL names it; empty before the handshake is complete.
  std::string_view group() const noexcept;
  bool resumed() const noexcept;

  DtlsServer* server;
  Address peer;      // where answers go; moves only by a newer authentic record
  Address arriving;  // where the datagram under way came from
  Bytes incoming;    // the datagram under way; empty once wolfSSL has taken it
  ConnectionId cid{};
  State state = State::listening;
  bool cookie_verified = false;
  bool has_cid = false;     // this side's CID was offered to the peer
  std::uint64_t hello = 0;  // fingerprint of the ClientHello that began it, to tell a duplicate from a new session
  TimePoint last_used;
  TimePoint began;
  TimePoint retransmit_at;
  Clock::duration retransmit_after{};
  DtlsSession* successor = nullptr;  // a handshake from the same address that will take this one's place
  DtlsSession* predecessor = nullptr;
  std::unique_ptr<SessionAttachment> attachment;

  struct Links {
    DtlsSession* before = nullptr;
    DtlsSession* after = nullptr;
  };
  Links by_use;      // least recently used last
  Links by_flight;   // sessions with something to retransmit
  Links by_opening;  // handshakes under way
  bool in_flight = false;
  bool answered = false;  // the hello was complete and this side has spoken
  bool closing = false;   // will be removed when the engine is done with the call under way
};

}  // namespace qeaas
