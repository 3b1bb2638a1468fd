// SPDX-License-Identifier: GPL-3.0-or-later
// The words for a port that cannot be listened on, with the process that holds it where the system tells.
#pragma once

#include "net/address.hpp"

namespace qeaas {

enum class IpProtocol : std::uint8_t { udp, tcp };

// holder_of_port finds out which process holds a port, for error messages; empty when the system does not tell.
std::string holder_of_port(IpProtocol protocol, std::uint16_t port);
// cannot_listen is the fault for a bind that failed with this errno.
tl::unexpected<Fault> cannot_listen(IpProtocol protocol, const Address& address, int number);

}  // namespace qeaas
