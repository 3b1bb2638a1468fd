// SPDX-License-Identifier: GPL-3.0-or-later
// The peers that the CoAP endpoint sees: one for each DTLS session, one for each plain address that has been heard of lately.
#pragma once

#include <array>

#include "access/identity.hpp"
#include "coap/peer.hpp"
#include "net/dtls_server.hpp"

namespace qeaas {

// FrontPeer is any peer of this daemon: one that can say where it is.
class FrontPeer : public coap::Peer {
 public:
  virtual const Address& remote() const noexcept = 0;
  Bytes address() const noexcept final {
    key_.fill(0);
    remote().bytes(key_);
    return key_;
  }

 private:
  mutable std::array<std::uint8_t, 18> key_{};
};

class SessionPeer final : public FrontPeer, public SessionAttachment {
 public:
  SessionPeer(DtlsServer& server, DtlsSession& session) noexcept : server_(server), session_(session) {}
  Status send(Bytes datagram) noexcept override { return server_.send(session_, datagram); }
  std::size_t max_datagram_bytes() const noexcept override { return server_.max_payload(); }
  bool secure() const noexcept override { return true; }
  std::int64_t identity() const noexcept override {
    return session_.identity == kAnonymous ? access::kAnonymousId : static_cast<std::int64_t>(session_.identity);
  }
  const Address& remote() const noexcept override { return session_.peer; }

 private:
  DtlsServer& server_;
  DtlsSession& session_;
};

class PlainPeer final : public FrontPeer {
 public:
  PlainPeer(DatagramSink& sink, const Address& remote, std::size_t max_datagram) noexcept
      : sink_(sink), remote_(remote), max_datagram_(max_datagram) {}
  Status send(Bytes datagram) noexcept override {
    sink_.send(remote_, datagram);
    return {};
  }
  std::size_t max_datagram_bytes() const noexcept override { return max_datagram_; }
  bool secure() const noexcept override { return false; }
  std::int64_t identity() const noexcept override { return access::kAnonymousId; }
  const Address& remote() const noexcept override { return remote_; }

 private:
  DatagramSink& sink_;
  Address remote_;
  std::size_t max_datagram_;
};

}  // namespace qeaas
