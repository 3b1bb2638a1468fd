// SPDX-License-Identifier: GPL-3.0-or-later
// A client's way to one server: messages out, messages in, with a time limit. DTLS 1.3 over a connected UDP socket, or the plain
// socket where that was asked for. One thread; for command lines and tools, not for servers.
#pragma once

#include "base/handle.hpp"
#include "net/dtls_client.hpp"

namespace qeaas {

class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;
  // send gives one message to the network. Errors: too_large, closed, unreachable.
  virtual Status send(Bytes message) = 0;
  // receive waits for one message until the deadline. Errors: timeout, closed, unreachable, too_large (room is too small).
  virtual Result<std::size_t> receive(MutableBytes room, TimePoint deadline) = 0;
  virtual std::size_t max_payload() const noexcept = 0;
  // report is what the handshake negotiated; null for a plain channel.
  virtual const DtlsReport* report() const noexcept = 0;
  virtual SessionTicket ticket() const = 0;
  virtual const Address& server() const noexcept = 0;
  // rebind goes on from another local port, as after a device's address has changed; a session is kept. What is still on its way to the
  // port before is lost. Errors: those of the system, and then nothing has changed.
  virtual Status rebind() = 0;
};

// open_secure_channel resolves host (a name or an address), tries its addresses in turn and completes a handshake. The fault says
// what to do: nothing listens, a certificate is not trusted, no answer in time.
Outcome<std::unique_ptr<Channel>> open_secure_channel(const std::string& host, std::uint16_t port, DtlsClientOptions options);
Outcome<std::unique_ptr<Channel>> open_plain_channel(const std::string& host, std::uint16_t port, std::size_t path_mtu = 1280);

// resolve gives the addresses of a host in the order of preference of the system. Errors: unreachable.
Outcome<std::vector<Address>> resolve(const std::string& host, std::uint16_t port);

}  // namespace qeaas
