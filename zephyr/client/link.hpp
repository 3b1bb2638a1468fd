// SPDX-License-Identifier: GPL-3.0-or-later
// Link: the way to the servers, one open at a time. DtlsLink is the way of the product, PlainLink that of measurements; the build picks
// one (the_link). One thread.
#pragma once

#include <cstdint>

#include "exchange.hpp"
#include "server_list.hpp"

namespace qeaas::device {

class Link : public Channel {
 public:
  // open makes a session with server number index, and closes that with any other. 0 at once if it is open already; or a DeviceError.
  virtual int open(std::size_t index, const ServerAddress& server) = 0;
  virtual bool is_open(std::size_t index) const = 0;
  // move takes a new local address for the open session. False if the session could not survive that.
  virtual bool move() = 0;
  // close ends what is open; politely: the server is told. What resumption needs stays.
  virtual void close(bool politely) = 0;
  // give_up ends an open session that never carried an answer, without telling. A ticket that led to it is forgotten, so that the next
  // open is not spent on the same.
  virtual void give_up() = 0;
  // forget ends everything, tickets too: the numbers of the servers have changed.
  virtual void forget() = 0;

 protected:
  ~Link() = default;
};

// LinkReport says what a person asks about the present or last session.
struct LinkReport {
  bool open = false;
  bool protected_ = false;
  bool verified = false;
  bool resumed = false;
  bool psk = false;
  bool cid = false;
  const char* group = "none";
  const char* signature = "none";
  const char* dates = "none";
  std::uint32_t datagrams_sent = 0;
  std::uint32_t datagrams_received = 0;
  std::uint32_t bytes_sent = 0;
  std::uint32_t bytes_received = 0;
  std::uint32_t heap_bytes = 0;  // wolfSSL's heap: its size, what is taken of it now, and the most that ever was
  std::uint32_t heap_used = 0;
  std::uint32_t heap_peak = 0;
  int detail = 0;  // wolfSSL's code behind the last failure of a handshake
};

Link& the_link() noexcept;
LinkReport link_report() noexcept;

}  // namespace qeaas::device
