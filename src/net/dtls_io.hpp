// SPDX-License-Identifier: GPL-3.0-or-later
// The two I/O callbacks through which the wolfSSL object of a server's session takes a datagram and gives one. Their context is the
// DtlsSession.
#pragma once

struct WOLFSSL;

namespace qeaas {

extern "C" {
int dtls_receive(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
int dtls_send(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
}

}  // namespace qeaas
