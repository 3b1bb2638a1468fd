// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsServer: one session's life: handshake, data, retransmission, change of address, end.
#include <algorithm>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>

#include "net/dtls_burst.hpp"
#include "net/dtls_server.hpp"
#include "net/wolfssl_internals.hpp"

namespace qeaas {
namespace {

constexpr word16 kSmallDatagramBytes = 256;

}  // namespace

void DtlsServer::feed(DtlsSession& session, const Address& from, Bytes datagram, TimePoint now) noexcept {
  if (session.closing) return;
  session.arriving = from;
  session.incoming = datagram;
  // wolfSSL's read buffer follows the MTU. A peer whose path carries more may send more; make room for this one datagram.
  const bool large = datagram.size() > max_datagram_;
  if (large) wolfSSL_dtls_set_mtu(session.ssl, static_cast<word16>(std::min(datagram.size(), kMaxDatagramBytes)));
  if (session.state == DtlsSession::State::handshaking) continue_handshake(session, now);
  if (session.state == DtlsSession::State::established && !session.closing) read(session, now);
  if (large) wolfSSL_dtls_set_mtu(session.ssl, static_cast<word16>(max_datagram_));
  session.incoming = {};
}

void DtlsServer::continue_handshake(DtlsSession& session, TimePoint now) noexcept {
  if (session.accept() == WOLFSSL_SUCCESS) {
    complete(session, now);
    return;
  }
  const int error = wolfSSL_get_error(session.ssl, WOLFSSL_FATAL_ERROR);
  if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) {
    fail_session(session);
    return;
  }
  watch_flight(session, now);
}

void DtlsServer::complete(DtlsSession& session, TimePoint now) noexcept {
  // The callbacks of the handshake have refused whoever may not come in. Were one of them ever passed by, this would not be.
  if (!session.settle(options_.census)) {
    wolfSSL_shutdown(session.ssl);
    fail_session(session);
    return;
  }
  opening_.remove(session);
  session.state = DtlsSession::State::established;
  ++counters_.handshakes_completed;
  if (session.resumed()) ++counters_.resumed;
  if (auto* old = table_.promote(session)) discard(*old);  // the same client began anew
  table_.touch(session, now);
  watch_flight(session, now);
  handler_.on_open(session, now);
}

// read_record makes wolfSSL's read buffer, which it allocates and clears by the MTU for every datagram, as small as the datagram allows.
int DtlsServer::read_record(DtlsSession& session) noexcept {
  const bool small = !session.incoming.empty() && session.incoming.size() <= kSmallDatagramBytes;
  if (small) wolfSSL_dtls_set_mtu(session.ssl, kSmallDatagramBytes);
  const int size = wolfSSL_read(session.ssl, plain_.span().data(), static_cast<int>(plain_.size()));
  if (small) wolfSSL_dtls_set_mtu(session.ssl, static_cast<word16>(max_datagram_));
  return size;
}

void DtlsServer::read(DtlsSession& session, TimePoint now) noexcept {
  do {
    const auto newest = internals::newest_peer_record(session.ssl);
    const int size = read_record(session);
    if (internals::newest_peer_record(session.ssl) > newest) {
      if (!(session.arriving == session.peer)) follow_address(session);
      table_.touch(session, now);
    }
    if (size > 0) {
      const auto data = plain_.span().first(static_cast<std::size_t>(size));
      handler_.on_data(session, data, now);
      wipe(data);
      if (session.closing) return;
      continue;
    }
    const int error = wolfSSL_get_error(session.ssl, size);
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) break;
    close(session);
    return;
  } while (!session.incoming.empty() || internals::input_pending(session.ssl));
  if (session.in_flight || internals::flight_pending(session.ssl)) watch_flight(session, now);
}

// follow_address moves a session to where its newest authentic record came from (RFC 9146 6). Only a record that named the
// session by its connection ID can come from elsewhere, and only one newer than all before gets here. Source addresses can be
// forged by whoever holds a session, so nobody else's is taken away.
void DtlsServer::follow_address(DtlsSession& session) noexcept {
  table_.move(session, session.arriving);
  ++counters_.moved;
}

// discard ends a session without a goodbye, which would reach the session that has taken its address.
void DtlsServer::discard(DtlsSession& session) noexcept {
  if (session.closing) return;
  session.closing = true;
  if (session.state == DtlsSession::State::established) handler_.on_close(session);
  closing_.push_back(&session);
}

void DtlsServer::watch_flight(DtlsSession& session, TimePoint now) noexcept {
  const bool waits = session.state == DtlsSession::State::handshaking || internals::flight_pending(session.ssl);
  if (!waits) {
    if (session.in_flight) flights_.remove(session);
    session.in_flight = false;
    return;
  }
  if (!session.in_flight) {
    flights_.push_front(session);
    session.in_flight = true;
  }
  const auto timeout = std::chrono::seconds(wolfSSL_dtls_get_current_timeout(session.ssl));
  // When parts of a flight are missing, wolfSSL asks for a quarter of the time, and then sends an acknowledgement only.
  session.retransmit_at =
      now + (wolfSSL_dtls13_use_quick_timeout(session.ssl) != 0 ? Clock::duration(timeout) / 4 : Clock::duration(timeout));
}

void DtlsServer::retransmit(DtlsSession& session, TimePoint now) noexcept {
  const bool sent = internals::retransmit(session.ssl);
  if (sent) {
    watch_flight(session, now);
    return;
  }
  if (session.state == DtlsSession::State::handshaking) {
    fail_session(session);
    return;
  }
  // A ticket that is never acknowledged is no reason to end a session that works.
  flights_.remove(session);
  session.in_flight = false;
}

Status DtlsServer::send(DtlsSession& session, Bytes message) noexcept {
  if (message.size() > max_payload_) return fail(Error::too_large);
  if (session.closing || session.state != DtlsSession::State::established) return fail(Error::closed);
  const Burst burst(*this);
  if (wolfSSL_write(session.ssl, message.data(), static_cast<int>(message.size())) > 0) return {};
  close(session);
  return fail(Error::closed);
}

void DtlsServer::close(DtlsSession& session) noexcept {
  if (session.closing) return;
  const Burst burst(*this);
  session.closing = true;
  if (session.state == DtlsSession::State::established) {
    handler_.on_close(session);
    wolfSSL_shutdown(session.ssl);
  }
  closing_.push_back(&session);
}

void DtlsServer::close_all() noexcept {
  for (auto* session = table_.in_order_of_use().first(); session != nullptr; session = table_.in_order_of_use().next(*session))
    close(*session);
  reap();
}

void DtlsServer::count_failure() noexcept {
  ++counters_.handshakes_failed;
  if (options_.census != nullptr) options_.census->failed(Transport::datagram);
}

void DtlsServer::fail_session(DtlsSession& session) noexcept {
  if (session.closing) return;
  count_failure();
  session.closing = true;
  closing_.push_back(&session);
}

void DtlsServer::erase(DtlsSession& session) noexcept {
  if (session.in_flight) flights_.remove(session);
  if (session.state == DtlsSession::State::handshaking) opening_.remove(session);
  table_.erase(session);
}

void DtlsServer::reap() noexcept {
  for (auto* session : closing_) erase(*session);
  closing_.clear();
}

}  // namespace qeaas
