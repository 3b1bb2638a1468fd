// SPDX-License-Identifier: GPL-3.0-or-later
// Site: what the local socket is given: where bytes are drawn, whose quota they come from, where bytes from outside go. The app binds it
// to the service and the access table; tests bring their own. One worker's thread only.
#pragma once

#include <functional>
#include <sys/types.h>

#include "access/quota.hpp"
#include "base/clock.hpp"
#include "base/counter.hpp"
#include "base/draw.hpp"

namespace qeaas::local {

// Peer is the process at the other end when it connected, as the kernel vouches for it.
struct Peer {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
};

class Gate {
 public:
  Gate() noexcept = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  virtual ~Gate() = default;
  // admit debits bytes before they are drawn. give_back undoes the last admit, whose draw failed.
  virtual access::Decision admit(const Peer& peer, std::size_t bytes, TimePoint now) noexcept = 0;
  virtual void give_back(const Peer& peer, std::size_t bytes) noexcept = 0;
};

struct Counters {
  Counter served_bytes;  // random ones
  Counter mixed_in_bytes;
  Counter accepted;  // connections
  Counter refused;   // by credentials or by a limit
  Counter open;      // now
};

struct Site {
  Draw& draw;
  Gate& gate;
  std::function<std::size_t()> ready_blocks;  // of 32 bytes that a draw could have at once
  std::function<void(Bytes)> mix_in;
  Counters& counters;
};

}  // namespace qeaas::local
