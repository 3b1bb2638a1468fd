// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsClient: one DTLS 1.3 session towards a server, over datagrams and time alone. It verifies the server's certificate and name
// unless it is told not to, and reports what was negotiated. The socket loop around it is UdpChannel. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/datagram.hpp"
#include "net/tls_context.hpp"

namespace qeaas {

// SessionTicket resumes a session with the server that gave it; opaque, shared, and secret like the keys it stands for.
using SessionTicket = std::shared_ptr<void>;

struct PskCredential {
  std::string identity;  // UTF-8, 1 to 64 bytes
  SecretBytes key;       // 16 to 64 bytes
};

struct DtlsClientOptions {
  std::string server_name;  // host name or address that the certificate must carry
  std::vector<int> groups;  // code points; the first one's key share goes with the first hello if it fits
  std::vector<Der> roots;   // trusted CA certificates
  bool verify = true;
  // signatures are those that the server may prove itself with, those of its certificates included; empty: all that are known.
  std::vector<SignatureAlgorithm> signatures;
  std::optional<PskCredential> psk;
  std::optional<Credential> certificate;  // to authenticate this client
  bool raw_public_key = false;            // the certificate is a bare SubjectPublicKeyInfo (RFC 7250)
  bool connection_id = true;
  SessionTicket ticket;
  std::size_t path_mtu = 1280;
  Clock::duration handshake_timeout = 15s;

  // duplicate copies everything, secrets included, for a second attempt.
  DtlsClientOptions duplicate() const;
};

// DtlsReport is what was negotiated, for people and tests.
struct DtlsReport {
  std::string group;  // "ML-KEM-512"; as wolfSSL names it when unknown to us
  bool post_quantum_group = false;
  std::optional<SignatureAlgorithm> signature;  // of the server's certificate; none with a PSK or on resumption
  bool verified = false;
  bool resumed = false;
  bool psk = false;
  std::size_t datagrams_sent = 0;
  std::size_t datagrams_received = 0;
  std::size_t bytes_sent = 0;
  std::size_t bytes_received = 0;
  unsigned flights = 0;  // times that this side spoke during the handshake: round trips begun
  TimePoint began{};     // when the first hello was made; what was done before is the set-up of this side's objects
};

class DtlsClient {
 public:
  enum class State : std::uint8_t { idle, handshaking, established, failed, closed };
  using Transmit = std::function<void(Bytes)>;
  using Receive = std::function<void(Bytes)>;  // one decrypted message, valid during the call

  static Outcome<std::unique_ptr<DtlsClient>> make(DtlsClientOptions options, Transmit transmit, Receive receive);
  ~DtlsClient();
  DtlsClient(const DtlsClient&) = delete;
  DtlsClient& operator=(const DtlsClient&) = delete;

  void start(TimePoint now);
  void on_datagram(Bytes datagram, TimePoint now);
  void on_timer(TimePoint now);
  TimePoint next_deadline() const noexcept { return deadline_; }

  State state() const noexcept { return state_; }
  // failure says why, once the state is failed.
  const Fault& failure() const noexcept { return failure_; }
  const DtlsReport& report() const noexcept { return report_; }
  // send encrypts one message into one datagram. Errors: closed, too_large.
  Status send(Bytes message);
  std::size_t max_payload() const noexcept;
  void close();
  // ticket gives what resumes this session; empty until the server has sent one.
  SessionTicket ticket() const;

 private:
  struct Callbacks;
  friend struct Callbacks;
  DtlsClient(DtlsClientOptions options, Transmit transmit, Receive receive);
  Outcome<void> set_up();
  Outcome<void> set_up_trust();
  Outcome<void> set_up_keys();
  Outcome<void> set_up_signatures();
  void step(TimePoint now);
  void complete();
  void read();
  void arm(TimePoint now);
  void fail_with(Fault fault);
  void reject(int error);
  // accepts tells whether a certificate's key and its issuer's are of the accepted kinds; it notes why not.
  bool accepts(Bytes certificate);
  Fault describe(int error) const;

  DtlsClientOptions options_;
  Transmit transmit_;
  Receive receive_;
  WOLFSSL_CTX* context_ = nullptr;
  WOLFSSL* ssl_ = nullptr;
  Bytes incoming_;
  State state_ = State::idle;
  Fault failure_{Error::closed, ""};
  std::optional<Fault> rejection_;  // why the verify callback refused the certificate
  DtlsReport report_;
  TimePoint deadline_ = TimePoint::max();
};

}  // namespace qeaas
