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

bool retransmit(WOLFSSL* ssl) noexcept {
  ssl->dtls13Rtx.lastRtx = 0;
  return wolfSSL_dtls_got_timeout(ssl) == WOLFSSL_SUCCESS;
}

}  // namespace qeaas::internals
