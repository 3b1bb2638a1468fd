// SPDX-License-Identifier: GPL-3.0-or-later
// The few facts about a session that wolfSSL keeps and does not publish. One file reads its internal header, so that a new
// wolfSSL version breaks one file; docs/decisions/0001 says why each is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

struct WOLFSSL;

namespace qeaas::internals {

// newest_peer_record is epoch << 48 | number of the newest record that has authenticated from the peer, plus one. It grows exactly
// when a record newer than every earlier one has been accepted (RFC 9146 section 6 needs to know).
std::uint64_t newest_peer_record(const WOLFSSL* ssl) noexcept;
// flight_pending is true while handshake records wait for an acknowledgement, or acknowledgements wait to be sent.
bool flight_pending(const WOLFSSL* ssl) noexcept;
// input_pending is true when a part of the last datagram has been taken but not yet processed.
bool input_pending(const WOLFSSL* ssl) noexcept;
// psk_negotiated is true when an external pre-shared key (no ticket) authenticated the handshake.
bool psk_negotiated(const WOLFSSL* ssl) noexcept;
// offer_signatures makes a client offer, and accept, these signature_algorithms alone (code points in order of preference, at most 32).
// Before the handshake. False when there is no memory. The public functions for it need wolfSSL's OpenSSL layer.
bool offer_signatures(WOLFSSL* ssl, std::span<const std::uint16_t> code_points) noexcept;
// restart_ticket_nonce makes a server count the nonces of its tickets from 0 in this connection (RFC 8446 4.6.1: unique within one).
// wolfSSL goes on from the nonce of the ticket that was shown, in one byte. Before each wolfSSL_accept: what the last call read of a
// ticket is used up by then, and without effect once a ticket has been sent.
void restart_ticket_nonce(WOLFSSL* ssl) noexcept;
// forget_offers frees the list of application protocols that the client offered, up to 64 KiB that wolfSSL would keep to the end.
void forget_offers(WOLFSSL* ssl) noexcept;

// Hints to the memory, in the order in which they are useful: the lines of any object, those of a session, those of its ciphers.
void prefetch_lines(const void* object, std::size_t bytes) noexcept;
void prefetch_session(const WOLFSSL* ssl) noexcept;
void prefetch_ciphers(const WOLFSSL* ssl) noexcept;
// retransmit does what wolfSSL_dtls_got_timeout does, by this program's clock: wolfSSL otherwise refuses to retransmit twice in one
// second of its own. False when it gives up.
bool retransmit(WOLFSSL* ssl) noexcept;

}  // namespace qeaas::internals
