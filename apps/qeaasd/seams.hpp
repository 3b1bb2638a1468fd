// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon puts into the seams of the front ends: debits from the access table and the address limits, one object a worker,
// and the report of the sources, which is shared.
#pragma once

#include "access/access.hpp"
#include "access/address_limiter.hpp"
#include "coap/seams.hpp"
#include "http/site.hpp"
#include "net/address.hpp"
#include "service/service.hpp"

namespace qeaas {

// AddressRates are the limits for one network address: bytes and handshakes a second; 0 is unlimited.
struct AddressRates {
  access::Rate bytes;
  access::Rate handshakes;
};

class AccessGate final : public coap::Gate, public http::Gate {
 public:
  AccessGate(access::Access& access, const AddressRates& rates);
  access::Decision admit(coap::Peer& peer, std::size_t bytes, TimePoint now) noexcept override;
  void give_back(coap::Peer& peer, std::size_t bytes) noexcept override;
  access::Decision admit(const http::Caller& caller, std::size_t bytes, TimePoint now) noexcept override;
  void give_back(const http::Caller& caller, std::size_t bytes) noexcept override;
  std::optional<std::int64_t> token_identity(const access::Digest& token) noexcept override;
  std::optional<http::Allowance> allowance(const http::Caller& caller, TimePoint now) noexcept override;
  // admit_handshake asks before the expensive part of a handshake.
  bool admit_handshake(const Address& from, TimePoint now) noexcept override;
  void set_rates(const AddressRates& rates) noexcept;

 private:
  access::Decision charge(std::int64_t identity, const Address& from, std::size_t bytes, TimePoint now) noexcept;
  void refund(const Address& to, std::size_t bytes) noexcept;

  access::Access& access_;
  access::Reader reader_;
  AddressRates rates_;
  std::optional<access::Charge> charged_;  // of the last admit, for give_back
  access::AddressLimiter bytes_;
  access::AddressLimiter handshakes_;
};

// address_key is what limits count by: an IPv4 address, or the /64 of an IPv6 address.
access::AddressKey address_key(const Address& address) noexcept;

// make_report turns the service's snapshot into what /sources says.
SourcesReport make_report(const Service& service);

}  // namespace qeaas
