// SPDX-License-Identifier: GPL-3.0-or-later
// The I/O callbacks through which the wolfSSL object of a server's session takes ciphertext and gives it. Their context is the
// Handshake that the session is.
#pragma once

struct WOLFSSL;

namespace qeaas {

extern "C" {
int dtls_receive(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
int dtls_send(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
int tls_receive(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
int tls_send(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
}

}  // namespace qeaas
