// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsSession: its end, what it can say of itself, and the I/O callbacks of its wolfSSL object.
#include "net/dtls_session.hpp"

#include <algorithm>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>

#include "net/dtls_server.hpp"
#include "net/tls_io.hpp"

namespace qeaas {

DtlsSession::~DtlsSession() = default;

std::string_view DtlsSession::group() const noexcept { return state == State::established ? negotiated_group() : std::string_view(); }

bool DtlsSession::resumed() const noexcept { return state == State::established && is_resumed(); }

int dtls_receive(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
  auto& session = static_cast<DtlsSession&>(*static_cast<Handshake*>(context));
  if (session.incoming.empty()) return WOLFSSL_CBIO_ERR_WANT_READ;
  const auto taken = std::min(session.incoming.size(), static_cast<std::size_t>(size));
  std::copy_n(session.incoming.begin(), taken, reinterpret_cast<std::uint8_t*>(buffer));
  session.incoming = {};  // a datagram is taken whole; what does not fit is lost, as with any socket
  return static_cast<int>(taken);
}

int dtls_send(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
  auto& session = static_cast<DtlsSession&>(*static_cast<Handshake*>(context));
  session.server->emit(session, {reinterpret_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(size)});
  return size;
}

}  // namespace qeaas
