// SPDX-License-Identifier: GPL-3.0-or-later
// Identities: who a client is, for the DTLS handshakes of every worker, looked up in the one access table. Thread-safe.
#pragma once

#include "access/access.hpp"
#include "net/tls_context.hpp"

namespace qeaas {

class Identities final : public IdentityResolver {
 public:
  explicit Identities(access::Access& access) noexcept : access_(access) {}
  std::optional<Psk> psk(std::string_view identity, std::span<std::uint8_t, kMaxPskBytes> key) noexcept override;
  std::uint64_t by_key(const SpkiHash& spki, KeyForm form) noexcept override;
  bool enabled(std::uint64_t identity) noexcept override;

 private:
  access::Access& access_;
};

}  // namespace qeaas
