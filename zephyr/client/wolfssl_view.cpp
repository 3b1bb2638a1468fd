// SPDX-License-Identifier: GPL-3.0-or-later
// The one file that looks into wolfSSL's structures.
#include "wolfssl_view.hpp"

#include <algorithm>

#include "wolfssl_api.hpp"
// wolfssl_api.hpp must come first
#include <wolfssl/internal.h>

namespace qeaas::device::wolfssl_view {

bool flight_pending(const WOLFSSL* ssl) noexcept {
  return ssl->dtls13Rtx.rtxRecords != nullptr || (ssl->dtls13Rtx.sendAcks && ssl->dtls13Rtx.seenRecords != nullptr);
}

bool input_pending(const WOLFSSL* ssl) noexcept { return ssl->buffers.inputBuffer.length > ssl->buffers.inputBuffer.idx; }

bool psk_negotiated(const WOLFSSL* ssl) noexcept {
#if defined(HAVE_SESSION_TICKET) || !defined(NO_PSK)
  return ssl->options.pskNegotiated != 0 && ssl->options.resuming == 0;
#else
  return false;
#endif
}

bool cid_negotiated(WOLFSSL* ssl) noexcept {
#ifdef WOLFSSL_DTLS_CID
  unsigned int size = 0;
  return wolfSSL_dtls_cid_is_enabled(ssl) == 1 && wolfSSL_dtls_cid_get_tx_size(ssl, &size) == WOLFSSL_SUCCESS && size > 0;
#else
  return false;
#endif
}

unsigned group(const WOLFSSL* ssl) noexcept {
#ifdef HAVE_ECC
  if (ssl->namedGroup == 0 && ssl->ecdhCurveOID == ECC_SECP256R1_OID) return WOLFSSL_ECC_SECP256R1;
#endif
#ifdef HAVE_CURVE25519
  if (ssl->namedGroup == 0 && ssl->ecdhCurveOID == ECC_X25519_OID) return WOLFSSL_ECC_X25519;
#endif
  return ssl->namedGroup;
}

#ifdef HAVE_SESSION_TICKET
WOLFSSL_SESSION* share_ticket(WOLFSSL* ssl) noexcept {
  if (ssl->session == nullptr || ssl->session->ticketLen == 0) return nullptr;
  return wolfSSL_get1_session(ssl);
}

void use_ticket(WOLFSSL* ssl, WOLFSSL_SESSION* session) noexcept { wolfSSL_set_session(ssl, session); }
#else
WOLFSSL_SESSION* share_ticket(WOLFSSL* /*ssl*/) noexcept { return nullptr; }

void use_ticket(WOLFSSL* /*ssl*/, WOLFSSL_SESSION* /*session*/) noexcept {}
#endif

void offer_signatures(WOLFSSL* ssl, std::span<const std::uint16_t> code_points) noexcept {
  auto& suites = *(ssl->suites != nullptr ? ssl->suites : ssl->ctx->suites);
  word16 size = 0;
  for (const auto code : code_points.first(std::min<std::size_t>(code_points.size(), WOLFSSL_MAX_SIGALGO / 2))) {
    suites.hashSigAlgo[size++] = static_cast<byte>(code >> 8);
    suites.hashSigAlgo[size++] = static_cast<byte>(code & 0xFF);
  }
  suites.hashSigAlgoSz = size;
}

void forget_key_share(WOLFSSL* ssl) noexcept {
  constexpr unsigned kHandshakeEpoch = 2;  // RFC 9147 6.1
  const auto* epoch = ssl->dtls13DecryptEpoch;
  if (epoch == nullptr || epoch->epochNumber.n < kHandshakeEpoch) return;
  TLSX_Remove(&ssl->extensions, TLSX_KEY_SHARE, ssl->heap);
}

bool retransmit(WOLFSSL* ssl) noexcept {
  ssl->dtls13Rtx.lastRtx = 0;
  return wolfSSL_dtls_got_timeout(ssl) == WOLFSSL_SUCCESS;
}

}  // namespace qeaas::device::wolfssl_view
