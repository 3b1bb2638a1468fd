// SPDX-License-Identifier: GPL-3.0-or-later
// Server: bytes between sockets, TLS and connections.
#include "http/session.hpp"

namespace qeaas::http {
namespace {

constexpr int kReadsATurn = 4;  // for one session, before others have their turn
constexpr int kWritesATurn = 4;

}  // namespace

void Server::on_readable(Session& session, TimePoint now) noexcept {
  for (int i = 0; i < kReadsATurn && !session.dead; ++i)
    if (!receive(session, now)) break;
  if (!session.dead) flush(session, now);
}

// receive is true when more may wait in the kernel.
bool Server::receive(Session& session, TimePoint now) noexcept {
  const bool handshaking = session.handshaking();
  if (session.tls && !session.lingering) pull(session, now);  // what was left while the connection wanted nothing
  if (!handshaking && !session.lingering && !session.connection.wants_data()) return false;
  const auto size = session.tcp.receive(buffer_.span());
  if (!size && size.error() == Error::would_block) return false;
  if (!size && (size.error() == Error::io || session.lingering || handshaking)) {
    end(session);
    return false;
  }
  if (!size) {
    session.input_ended = true;
    session.connection.on_end(now);
    return false;
  }
  const auto data = buffer_.span().first(*size);
  if (!session.lingering && session.tls)
    receive_tls(session, data, now);
  else if (!session.lingering)
    session.connection.on_data(data, now);
  wipe(data);  // a token may be in it
  return *size == buffer_.size();
}

void Server::receive_tls(Session& session, Bytes ciphertext, TimePoint now) noexcept {
  const auto fed = session.tls->feed(ciphertext);
  if (session.tls->established() && !std::exchange(session.known, true) && session.tls->identity() != kAnonymous)
    session.connection.set_identity(static_cast<std::int64_t>(session.tls->identity()));
  pull(session, now);
  if (!fed) session.broken = true;  // an alert may wait to be sent
}

// pull gives decrypted bytes to the connection for as long as it wants any.
void Server::pull(Session& session, TimePoint now) noexcept {
  while (!session.handshaking() && session.connection.wants_data()) {
    const auto size = session.tls->read(plain_.span());
    if (!size) {
      if (size.error() == Error::would_block) return;
      if (size.error() != Error::closed) session.broken = true;
      if (!std::exchange(session.input_ended, true)) session.connection.on_end(now);
      return;
    }
    const auto plain = plain_.span().first(*size);
    session.connection.on_data(plain, now);
    wipe(plain);
  }
}

// outgoing is what can be sent now. What has been encrypted must leave before more is.
Bytes Server::outgoing(Session& session) noexcept {
  auto& output = session.connection.output();
  if (!session.tls) return output.waiting();
  if (!session.tls->has_outgoing() && !output.empty() && !session.broken) {
    const auto part = output.waiting().first(std::min(output.size(), TlsSession::kMaxWriteBytes));
    if (session.tls->write(part))
      output.take_off(part.size());
    else
      session.broken = true;
  }
  return session.tls->outgoing();
}

// send_some is true when something was sent and more may be.
bool Server::send_some(Session& session, TimePoint now) noexcept {
  const auto data = outgoing(session);
  if (data.empty()) return false;
  const auto size = session.tcp.send(data);
  if (!size) {
    if (size.error() != Error::would_block) end(session);
    return false;
  }
  site_.counters.sent_bytes.add(*size);
  session.progress = session.progress || *size > 0;
  const bool all = *size == data.size();
  if (session.tls)
    session.tls->sent(*size);
  else
    session.connection.output().take_off(*size);
  if (!all) return false;
  session.connection.pump(now);
  if (session.tls) pull(session, now);
  return true;
}

// on_output: a WebSocket has something to send, or takes more again, of which TLS may hold some.
void Server::on_output(Session& session, TimePoint now) noexcept {
  if (session.tls && !session.dead) pull(session, now);
  flush(session, now);
}

void Server::flush(Session& session, TimePoint now) noexcept {
  for (int i = 0; i < kWritesATurn && !session.dead; ++i)
    if (!send_some(session, now)) break;
  if (!session.dead) settle(session, now);
}

// settle decides what the session waits for now.
void Server::settle(Session& session, TimePoint now) noexcept {
  auto& connection = session.connection;
  if (connection.aborted()) return end(session);
  const bool finished = connection.finished() && connection.output().empty();
  if (finished && session.tls && !session.broken && !std::exchange(session.said_goodbye, true)) session.tls->shutdown();
  const bool more = !outgoing(session).empty();
  if (!more && (session.broken || (finished && session.input_ended))) return end(session);
  if (!more && finished && !session.lingering) {
    // Closing with unread input would reset the connection, and the peer could lose the answer (RFC 9112 9.6).
    session.lingering = true;
    session.tcp.end_sending();
  }
  const bool wants = session.lingering || session.handshaking() || connection.wants_data();
  const std::uint32_t interest =
      (wants && !session.input_ended ? std::uint32_t{Poller::read} : 0) | (more ? std::uint32_t{Poller::write} : 0);
  if (interest != session.interest) {
    session.interest = interest;
    poller_.change(session.tcp.descriptor(), &session, interest);
  }
  enlist(session, wait_of(session), now);
}

}  // namespace qeaas::http
