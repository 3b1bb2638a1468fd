// SPDX-License-Identifier: GPL-3.0-or-later
// The few facts about a session that wolfSSL keeps and does not publish.
#pragma once

#include <cstdint>
#include <span>

struct WOLFSSL;
struct WOLFSSL_SESSION;

namespace qeaas::device::wolfssl_view {

// flight_pending tells whether something was sent that the peer has not acknowledged, or an acknowledgement is due.
bool flight_pending(const WOLFSSL* ssl) noexcept;
bool input_pending(const WOLFSSL* ssl) noexcept;
bool psk_negotiated(const WOLFSSL* ssl) noexcept;
bool cid_negotiated(WOLFSSL* ssl) noexcept;
// group is the code point of the key exchange; 0 if there was none.
unsigned group(const WOLFSSL* ssl) noexcept;
// share_ticket gives a session that holds a ticket, to be freed with wolfSSL_SESSION_free; nullptr without one.
WOLFSSL_SESSION* share_ticket(WOLFSSL* ssl) noexcept;
void use_ticket(WOLFSSL* ssl, WOLFSSL_SESSION* session) noexcept;
// offer_signatures replaces the signature algorithms that the hello offers, by their code points. For a session that has not begun.
void offer_signatures(WOLFSSL* ssl, std::span<const std::uint16_t> code_points) noexcept;
// forget_key_share wipes and frees the key exchange's private key as soon as the handshake's keys are made from it. wolfSSL would keep it
// (2.4 kB for ML-KEM-512) until the handshake's end, past the verification of the certificate, which needs most memory.
void forget_key_share(WOLFSSL* ssl) noexcept;
// retransmit repeats what is pending, also if that was just done. False if wolfSSL gives up.
bool retransmit(WOLFSSL* ssl) noexcept;

}  // namespace qeaas::device::wolfssl_view
