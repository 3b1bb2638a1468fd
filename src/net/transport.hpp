// SPDX-License-Identifier: GPL-3.0-or-later
// Transport: TLS 1.3 over a stream (TCP), or DTLS 1.3 over datagrams (UDP). Most of a handshake is the same for both.
#pragma once

#include <cstdint>
#include <string_view>

namespace qeaas {

enum class Transport : std::uint8_t { datagram, stream };
inline constexpr std::size_t kTransports = 2;
// name is "dtls" or "tls".
constexpr std::string_view name(Transport transport) noexcept { return transport == Transport::datagram ? "dtls" : "tls"; }

}  // namespace qeaas
