// SPDX-License-Identifier: GPL-3.0-or-later
// What a handshake establishes, for both transports.
#include "net/handshake.hpp"

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>

#include "net/wolfssl_internals.hpp"

namespace qeaas {

Handshake::~Handshake() {
  if (ssl != nullptr) wolfSSL_free(ssl);
}

Status Handshake::attach(std::shared_ptr<const TlsContext> from) noexcept {
  context = std::move(from);
  if (!context->offered().empty()) certificate = context->offered().front();
  ssl = wolfSSL_new(context->get());
  if (ssl == nullptr) return fail(Error::starved);
  wolfSSL_SetIOReadCtx(ssl, this);
  wolfSSL_SetIOWriteCtx(ssl, this);
  wolfSSL_SetCertCbCtx(ssl, this);
  auto alpn = context->options().alpn;
  if (!alpn.empty() &&
      wolfSSL_UseALPN(ssl, alpn.data(), static_cast<word32>(alpn.size()), WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS)
    return fail(Error::starved);
  return {};
}

Handshake& Handshake::of(const WOLFSSL* ssl) noexcept {
  return *static_cast<Handshake*>(wolfSSL_GetIOReadCtx(const_cast<WOLFSSL*>(ssl)));  // NOLINT: wolfSSL knows no const here
}

int Handshake::accept() noexcept {
  internals::restart_ticket_nonce(ssl);
  return wolfSSL_accept(ssl);
}

std::string_view Handshake::negotiated_group() const noexcept {
  const char* found = wolfSSL_get_curve_name(ssl);
  return found == nullptr ? std::string_view() : found;
}

bool Handshake::is_resumed() const noexcept { return wolfSSL_session_reused(ssl) != 0; }

std::optional<SignatureAlgorithm> Handshake::server_signature() const noexcept {
  if (is_resumed() || internals::psk_negotiated(ssl)) return std::nullopt;
  return certificate;
}

std::uint64_t Handshake::proven_identity() const noexcept {
  if (is_resumed()) return ticket_identity;
  return internals::psk_negotiated(ssl) ? psk_identity : key_identity;
}

bool Handshake::settle(SessionCensus* census) noexcept {
  identity = proven_identity();
  if (identity == kAnonymous && !context->options().clients.none) return false;
  if (census == nullptr) return true;
  using Proof = SessionCensus::Proof;
  const auto signature = server_signature();
  const auto proof = signature ? SessionCensus::proof_of(*signature) : is_resumed() ? Proof::ticket : Proof::psk;
  place = census->opened(context->options().transport, negotiated_group(), proof);
  return true;
}

}  // namespace qeaas
