// SPDX-License-Identifier: GPL-3.0-or-later
// The seam between protocol engines and sockets: an engine is given datagrams and the time, and gives datagrams back. Nothing else
// of the operating system reaches it, so that tests run it against a network of their own making.
#pragma once

#include "base/secret.hpp"
#include "net/address.hpp"

namespace qeaas {

// Datagram is one of a received batch; both parts are valid until the socket's next receive.
struct Datagram {
  const Address* from;
  Bytes bytes;
};

class DatagramSink {
 public:
  DatagramSink() = default;
  DatagramSink(const DatagramSink&) = delete;
  DatagramSink& operator=(const DatagramSink&) = delete;
  virtual ~DatagramSink() = default;
  // send takes the datagram at once (it copies); one that cannot be sent is lost, as on any network.
  virtual void send(const Address& to, Bytes datagram) noexcept = 0;
};

// kIpUdpHeaderBytes are the IPv6 and UDP headers; what remains of the path MTU (the largest IP packet) is a DTLS datagram.
inline constexpr std::size_t kIpUdpHeaderBytes = 48;
// kRecordOverheadBytes are the largest header and trailer of an encrypted record (RFC 9147 4): first byte, the longest connection ID that
// wolfSSL takes, sequence number, length, tag, content type.
inline constexpr std::size_t kRecordOverheadBytes = 1 + 20 + 2 + 2 + 16 + 1;
inline constexpr std::size_t kMaxDatagramBytes = 16384;

}  // namespace qeaas
