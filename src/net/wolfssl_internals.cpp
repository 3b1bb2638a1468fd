// SPDX-License-Identifier: GPL-3.0-or-later
// The few facts about a session that wolfSSL keeps and does not publish.
#include "net/wolfssl_internals.hpp"

#include <algorithm>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>
#include <wolfssl/internal.h>

namespace qeaas::internals {
namespace {

std::uint64_t number(const w64wrapper& value) noexcept { return value.n; }

}  // namespace

std::uint64_t newest_peer_record(const WOLFSSL* ssl) noexcept {
  std::uint64_t newest = 0;
  for (const auto& epoch : ssl->dtls13Epochs)
    if (epoch.isValid && number(epoch.nextPeerSeqNumber) > 0)
      newest = std::max<std::uint64_t>(newest, number(epoch.epochNumber) << 48 | (number(epoch.nextPeerSeqNumber) & 0xFFFFFFFFFFFFULL));
  return newest;
}

bool flight_pending(const WOLFSSL* ssl) noexcept {
  return ssl->dtls13Rtx.rtxRecords != nullptr || (ssl->dtls13Rtx.sendAcks && ssl->dtls13Rtx.seenRecords != nullptr);
}

bool input_pending(const WOLFSSL* ssl) noexcept { return ssl->buffers.inputBuffer.length > ssl->buffers.inputBuffer.idx; }

bool psk_negotiated(const WOLFSSL* ssl) noexcept { return ssl->options.pskNegotiated != 0 && ssl->options.resuming == 0; }

bool offer_signatures(WOLFSSL* ssl, std::span<const std::uint16_t> code_points) noexcept {
  if (code_points.size() * 2 > WOLFSSL_MAX_SIGALGO || AllocateSuites(ssl) != 0) return false;
  word16 size = 0;
  for (const auto code : code_points) {
    ssl->suites->hashSigAlgo[size++] = static_cast<byte>(code >> 8);
    ssl->suites->hashSigAlgo[size++] = static_cast<byte>(code & 0xFF);
  }
  ssl->suites->hashSigAlgoSz = size;
  return true;
}

void restart_ticket_nonce(WOLFSSL* ssl) noexcept {
  if (ssl->options.ticketsSent == 0 && ssl->session != nullptr) ssl->session->ticketNonce.len = 0;
}

void forget_offers(WOLFSSL* ssl) noexcept {
  XFREE(ssl->alpn_peer_requested, ssl->heap, DYNAMIC_TYPE_ALPN);
  ssl->alpn_peer_requested = nullptr;
  ssl->alpn_peer_requested_length = 0;
}

void prefetch_lines(const void* object, std::size_t bytes) noexcept {
  constexpr std::size_t kLineBytes = 64;
  const auto* at = static_cast<const char*>(object);
  for (std::size_t i = 0; i < bytes; i += kLineBytes) __builtin_prefetch(at + i);
}

void prefetch_session(const WOLFSSL* ssl) noexcept { prefetch_lines(ssl, sizeof(WOLFSSL)); }

void prefetch_ciphers(const WOLFSSL* ssl) noexcept {
  for (const auto* aes : {ssl->encrypt.aes, ssl->decrypt.aes})
    if (aes != nullptr) prefetch_lines(aes, sizeof(Aes));
}

bool retransmit(WOLFSSL* ssl) noexcept {
  ssl->dtls13Rtx.lastRtx = 0;
  return wolfSSL_dtls_got_timeout(ssl) == WOLFSSL_SUCCESS;
}

}  // namespace qeaas::internals
