// SPDX-License-Identifier: GPL-3.0-or-later
// TlsContext: what all TLS or all DTLS sessions of a server share: certificates, groups, ticket keys, how clients prove who they are.
// Built once and then read-only, shared by the workers (a wolfSSL context is safe to share once its set-up is finished).
// A reload of certificates builds a new one; sessions keep the one they began with.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "crypto/cert.hpp"
#include "net/ticket_keys.hpp"

struct WOLFSSL;
struct WOLFSSL_CTX;

namespace qeaas {

inline constexpr std::uint64_t kAnonymous = 0;
inline constexpr std::size_t kMaxPskBytes = 64;

// IdentityResolver answers who a client is. Implemented above net/ over the identity table; called from every worker.
class IdentityResolver {
 public:
  IdentityResolver() = default;
  IdentityResolver(const IdentityResolver&) = delete;
  IdentityResolver& operator=(const IdentityResolver&) = delete;
  virtual ~IdentityResolver() = default;
  struct Psk {
    std::uint64_t identity;
    std::size_t size;  // bytes written to key
  };
  // psk finds a pre-shared key. It also runs for first hellos that nobody has verified: keep it cheap and without effects.
  virtual std::optional<Psk> psk(std::string_view identity, std::span<std::uint8_t, kMaxPskBytes> key) noexcept = 0;
  // by_key finds the identity of a certificate's key or of a raw one; kAnonymous when unknown or disabled. What is listed as a
  // certificate must not come in as a bare key: that would pass by its CA and its dates.
  enum class KeyForm : std::uint8_t { certificate, raw };
  virtual std::uint64_t by_key(const SpkiHash& spki, KeyForm form) noexcept = 0;
  // enabled asks whether an identity from a ticket may still come in.
  virtual bool enabled(std::uint64_t identity) noexcept = 0;
};

struct Credential {
  Der certificate;          // leaf
  SecretBytes private_key;  // DER, as handshake_key gives it
};

struct ClientAuthentication {
  bool none = true;  // a client may stay anonymous
  bool psk = false;
  bool certificate = false;  // certificates signed by roots
  bool raw_public_key = false;
  std::vector<Der> roots;  // for client certificates
};

struct TlsContextOptions {
  Transport transport = Transport::datagram;
  std::string section = "coaps";        // of the configuration, for the words of faults
  std::vector<Credential> credentials;  // of this server, in order of preference: a client gets the first that it can verify
  std::vector<int> groups;              // code points, in order of preference
  ClientAuthentication clients;
  bool tickets = true;
  std::uint32_t ticket_lifetime_seconds = 7200;
  // The application protocol by ALPN (RFC 7301), "http/1.1"; empty: none. A client that offers only others is refused.
  std::string alpn;
};

class TlsContext {
 public:
  static Outcome<std::shared_ptr<TlsContext>> make(TlsContextOptions options, std::shared_ptr<TicketKeys> tickets,
                                                   std::shared_ptr<IdentityResolver> resolver);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  WOLFSSL_CTX* get() const noexcept { return context_; }
  const TlsContextOptions& options() const noexcept { return options_; }
  // offered is the signature algorithm of each credential, in their order.
  const std::vector<SignatureAlgorithm>& offered() const noexcept { return offered_; }
  TicketKeys& tickets() const noexcept { return *tickets_; }
  IdentityResolver& resolver() const noexcept { return *resolver_; }

 private:
  TlsContext(TlsContextOptions options, std::shared_ptr<TicketKeys> tickets, std::shared_ptr<IdentityResolver> resolver)
      : options_(std::move(options)), tickets_(std::move(tickets)), resolver_(std::move(resolver)) {}
  Outcome<void> set_up();
  Outcome<void> load_credentials();
  Outcome<void> load_client_authentication();

  WOLFSSL_CTX* context_ = nullptr;
  TlsContextOptions options_;
  std::vector<SignatureAlgorithm> offered_;
  std::shared_ptr<TicketKeys> tickets_;
  std::shared_ptr<IdentityResolver> resolver_;
};

}  // namespace qeaas
