// SPDX-License-Identifier: GPL-3.0-or-later
// The front ends of one worker.
#include "fronts.hpp"

namespace qeaas {

void DatagramFront::on_ready(TimePoint now) noexcept {
  // A bounded number of batches, so that one busy socket cannot keep the timers waiting.
  for (int batch = 0; batch < 8; ++batch) {
    const auto received = socket_->receive();
    on_batch(received.datagrams, now);
    socket_->flush();
    if (!received.full) break;
  }
}

CoapsFront::CoapsFront(std::unique_ptr<UdpSocket> socket, std::shared_ptr<const TlsContext> context, const DtlsServerOptions& options,
                       coap::Endpoint& endpoint, AccessGate& gate)
    : DatagramFront(std::move(socket)), endpoint_(endpoint), gate_(gate), server_(std::move(context), options, this->socket(), *this) {}

CoapsFront::~CoapsFront() { server_.close_all(); }

void CoapsFront::on_batch(std::span<const Datagram> batch, TimePoint now) noexcept {
  server_.prefetch(batch);
  for (const auto& datagram : batch) server_.on_datagram(*datagram.from, datagram.bytes, now);
}

void CoapsFront::use_context(const std::shared_ptr<const TlsContext>& context) noexcept {
  if (context->options().transport == Transport::datagram) server_.use_context(context);
}

bool CoapsFront::admit(const Address& from, TimePoint now) noexcept { return !draining_ && gate_.admit_handshake(from, now); }

void CoapsFront::on_open(DtlsSession& session, TimePoint /*now*/) noexcept {
  session.attachment = std::make_unique<SessionPeer>(server_, session);
}

void CoapsFront::on_data(DtlsSession& session, Bytes data, TimePoint now) noexcept {
  if (session.attachment) endpoint_.on_datagram(static_cast<SessionPeer&>(*session.attachment), data, now);
}

void CoapsFront::on_close(DtlsSession& session) noexcept {
  if (session.attachment) endpoint_.on_closed(static_cast<SessionPeer&>(*session.attachment));
}

void CoapFront::on_batch(std::span<const Datagram> batch, TimePoint now) noexcept {
  for (const auto& datagram : batch)
    if (!draining_ || by_address_.find(*datagram.from) != by_address_.end())
      endpoint_.on_datagram(peer_of(*datagram.from), datagram.bytes, now);
}

PlainPeer& CoapFront::peer_of(const Address& from) {
  if (const auto known = by_address_.find(from); known != by_address_.end()) {
    peers_.splice(peers_.begin(), peers_, known->second);
    return peers_.front();
  }
  if (peers_.size() >= kMaxPeers) {
    endpoint_.on_closed(peers_.back());
    by_address_.erase(peers_.back().remote());
    peers_.pop_back();
  }
  peers_.emplace_front(socket(), from, max_datagram_);
  by_address_[from] = peers_.begin();
  return peers_.front();
}

void CoapFront::close() noexcept {
  for (auto& peer : peers_) endpoint_.on_closed(peer);
  by_address_.clear();
  peers_.clear();
}

void HttpFront::use_context(const std::shared_ptr<const TlsContext>& context) noexcept {
  if (context->options().transport == Transport::stream) server_->use_context(context);
}

}  // namespace qeaas
