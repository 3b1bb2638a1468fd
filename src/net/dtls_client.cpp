// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsClient: one DTLS 1.3 session towards a server.
#include "net/dtls_client.hpp"

#include <algorithm>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>

#include "crypto/random.hpp"
#include "net/groups.hpp"
#include "net/signatures.hpp"
#include "net/wolfssl_internals.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMaxMessageBytes = 4096;
constexpr std::size_t kOwnCidBytes = 4;

// share_fits tells whether a group's key share leaves a ClientHello in one datagram. A larger one waits for the HelloRetryRequest:
// the hello is then fragmented, which a server accepts only with a cookie.
bool share_fits(int group) noexcept { return group == 0x0200 || group < 0x0100; }

}  // namespace

// Callbacks are the trampolines from wolfSSL; the context of each is the DtlsClient.
struct DtlsClient::Callbacks {
  static int receive(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
    auto& client = *static_cast<DtlsClient*>(context);
    if (client.incoming_.empty()) return WOLFSSL_CBIO_ERR_WANT_READ;
    const auto taken = std::min(client.incoming_.size(), static_cast<std::size_t>(size));
    std::copy_n(client.incoming_.begin(), taken, reinterpret_cast<std::uint8_t*>(buffer));
    client.incoming_ = {};
    return static_cast<int>(taken);
  }

  static int send(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
    auto& client = *static_cast<DtlsClient*>(context);
    ++client.report_.datagrams_sent;
    client.report_.bytes_sent += static_cast<std::size_t>(size);
    client.transmit_({reinterpret_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(size)});
    return size;
  }

  static int verify(int preverified, WOLFSSL_X509_STORE_CTX* store) noexcept {
    auto& client = *static_cast<DtlsClient*>(store->userCtx);
    const Bytes certificate(store->certs[0].buffer, store->certs[0].length);
    if (store->error_depth == 0)
      if (const auto algorithm = certificate_algorithm(certificate)) client.report_.signature = *algorithm;
    if (!client.accepts({store->certs[store->error_depth].buffer, store->certs[store->error_depth].length})) return 0;
    if (!client.options_.verify) return 1;
    if (preverified == 0) {
      client.reject(store->error);
      return 0;
    }
    if (store->error_depth != 0) return 1;
    if (certificate_names(certificate, client.options_.server_name)) {
      client.report_.verified = true;
      return 1;
    }
    client.rejection_ =
        Fault{Error::not_trusted, "the server's certificate does not name '" + client.options_.server_name +
                                      "'; use a name that it carries, or add this one on the server with 'qeaas keys --san'"};
    return 0;
  }

  static unsigned int psk(WOLFSSL* ssl, const char* /*hint*/, char* identity, unsigned int identity_room, unsigned char* key,
                          unsigned int key_room, const char** suite) noexcept {
    const auto& client = *static_cast<DtlsClient*>(wolfSSL_GetIOReadCtx(ssl));
    const auto& credential = *client.options_.psk;
    if (credential.identity.size() >= identity_room || credential.key.size() > key_room) return 0;
    std::copy_n(credential.identity.c_str(), credential.identity.size() + 1, identity);
    std::copy_n(credential.key.span().begin(), credential.key.size(), key);
    *suite = "TLS13-AES128-GCM-SHA256";
    return static_cast<unsigned int>(credential.key.size());
  }
};

DtlsClientOptions DtlsClientOptions::duplicate() const {
  DtlsClientOptions copy;
  copy.server_name = server_name;
  copy.groups = groups;
  copy.roots = roots;
  copy.verify = verify;
  copy.signatures = signatures;
  if (psk) copy.psk = PskCredential{psk->identity, SecretBytes(psk->key.span())};
  if (certificate) copy.certificate = Credential{certificate->certificate, SecretBytes(certificate->private_key.span())};
  copy.raw_public_key = raw_public_key;
  copy.connection_id = connection_id;
  copy.ticket = ticket;
  copy.path_mtu = path_mtu;
  copy.handshake_timeout = handshake_timeout;
  return copy;
}

DtlsClient::DtlsClient(DtlsClientOptions options, Transmit transmit, Receive receive)
    : options_(std::move(options)), transmit_(std::move(transmit)), receive_(std::move(receive)) {}

DtlsClient::~DtlsClient() {
  if (ssl_ != nullptr) wolfSSL_free(ssl_);
  if (context_ != nullptr) wolfSSL_CTX_free(context_);
}

Outcome<std::unique_ptr<DtlsClient>> DtlsClient::make(DtlsClientOptions options, Transmit transmit, Receive receive) {
  std::unique_ptr<DtlsClient> client(new DtlsClient(std::move(options), std::move(transmit), std::move(receive)));
  if (auto ready = client->set_up(); !ready) return tl::unexpected(ready.error());
  return client;
}

Outcome<void> DtlsClient::set_up() {
  context_ = wolfSSL_CTX_new(wolfDTLSv1_3_client_method());
  if (context_ == nullptr) return explain(Error::crypto, "DTLS client");
  wolfSSL_CTX_SetIORecv(context_, Callbacks::receive);
  wolfSSL_CTX_SetIOSend(context_, Callbacks::send);
  if (wolfSSL_CTX_set_groups(context_, options_.groups.data(), static_cast<int>(options_.groups.size())) != WOLFSSL_SUCCESS)
    return explain(Error::unsupported, "key-exchange groups");
  if (auto ready = set_up_trust(); !ready) return ready;
  ssl_ = wolfSSL_new(context_);
  if (ssl_ == nullptr) return explain(Error::crypto, "DTLS client");
  wolfSSL_SetIOReadCtx(ssl_, this);
  wolfSSL_SetIOWriteCtx(ssl_, this);
  wolfSSL_SetCertCbCtx(ssl_, this);
  wolfSSL_dtls_set_mtu(ssl_, static_cast<word16>(options_.path_mtu - kIpUdpHeaderBytes));
  if (auto ready = set_up_signatures(); !ready) return ready;
  return set_up_keys();
}

Outcome<void> DtlsClient::set_up_signatures() {
  if (options_.signatures.empty()) return {};
  std::vector<std::uint16_t> codes;
  for (const auto algorithm : options_.signatures) codes.push_back(code_point(algorithm));
  if (!internals::offer_signatures(ssl_, codes)) return explain(Error::unsupported, "signature algorithms");
  return {};
}

Outcome<void> DtlsClient::set_up_trust() {
  for (const auto& root : options_.roots)
    if (wolfSSL_CTX_load_verify_buffer(context_, root.data(), static_cast<long>(root.size()), WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
      return fault(Error::malformed, "a CA certificate cannot be used; is the file given with --ca the server's ca.pem?");
  if (options_.verify && options_.roots.empty() && !options_.psk)
    return fault(Error::not_trusted, "no CA certificate to verify the server with; give its ca.pem with --ca or QEAAS_CA");
  wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_PEER, Callbacks::verify);
  if (options_.psk) wolfSSL_CTX_set_psk_client_tls13_callback(context_, Callbacks::psk);
  if (!options_.certificate) return {};
  if (options_.raw_public_key) {
    std::array<char, 1> types{WOLFSSL_CERT_TYPE_RPK};
    if (wolfSSL_CTX_set_client_cert_type(context_, types.data(), 1) != WOLFSSL_SUCCESS) return explain(Error::crypto, "raw public key");
  }
  const auto& own = *options_.certificate;
  const auto key = own.private_key.span();
  if (wolfSSL_CTX_use_certificate_buffer(context_, own.certificate.data(), static_cast<long>(own.certificate.size()),
                                         WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS ||
      wolfSSL_CTX_use_PrivateKey_buffer(context_, key.data(), static_cast<long>(key.size()), WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
    return fault(Error::malformed, "this client's certificate and key do not fit each other");
  return {};
}

Outcome<void> DtlsClient::set_up_keys() {
  const int first = options_.groups.front();
  const int shared = share_fits(first) ? wolfSSL_UseKeyShare(ssl_, static_cast<word16>(first)) : wolfSSL_NoKeyShares(ssl_);
  if (shared != WOLFSSL_SUCCESS) return explain(Error::crypto, "key share");
  if (options_.connection_id) {
    std::array<std::uint8_t, kOwnCidBytes> cid;
    if (!seed_bytes(cid) || wolfSSL_dtls_cid_use(ssl_) != WOLFSSL_SUCCESS ||
        wolfSSL_dtls_cid_set(ssl_, cid.data(), static_cast<unsigned>(cid.size())) != WOLFSSL_SUCCESS)
      return explain(Error::crypto, "connection ID");
  }
  if (options_.ticket) wolfSSL_set_session(ssl_, static_cast<WOLFSSL_SESSION*>(options_.ticket.get()));
  return {};
}

void DtlsClient::start(TimePoint now) {
  state_ = State::handshaking;
  report_.began = now;
  step(now);
}

void DtlsClient::step(TimePoint now) {
  const auto sent_before = report_.datagrams_sent;
  const int result = wolfSSL_connect(ssl_);
  // What completes the handshake may carry a ticket too; acknowledging that is no flight of the handshake.
  if (report_.datagrams_sent > sent_before && result != WOLFSSL_SUCCESS) ++report_.flights;
  if (result == WOLFSSL_SUCCESS) {
    complete();
    arm(now);
    return;
  }
  const int error = wolfSSL_get_error(ssl_, result);
  if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE)
    arm(now);
  else
    fail_with(describe(error));
}

void DtlsClient::complete() {
  state_ = State::established;
  const char* name = wolfSSL_get_curve_name(ssl_);
  report_.group = name == nullptr ? "" : name;
  if (const auto group = find_group(report_.group)) {
    report_.group = group->title;
    report_.post_quantum_group = group->post_quantum;
  }
  report_.resumed = wolfSSL_session_reused(ssl_) != 0;
  report_.psk = internals::psk_negotiated(ssl_);
  // A PSK or a ticket proves the server as well as the certificate did when it was agreed.
  if (report_.resumed || report_.psk) report_.verified = options_.verify;
}

void DtlsClient::arm(TimePoint now) {
  const bool waits = state_ == State::handshaking || internals::flight_pending(ssl_);
  const auto timeout = std::chrono::seconds(wolfSSL_dtls_get_current_timeout(ssl_));
  const Clock::duration wait = wolfSSL_dtls13_use_quick_timeout(ssl_) != 0 ? Clock::duration(timeout) / 4 : Clock::duration(timeout);
  deadline_ = waits ? now + wait : TimePoint::max();
  if (state_ == State::handshaking) deadline_ = std::min(deadline_, report_.began + options_.handshake_timeout);
}

void DtlsClient::on_datagram(Bytes datagram, TimePoint now) {
  ++report_.datagrams_received;
  report_.bytes_received += datagram.size();
  if (state_ != State::handshaking && state_ != State::established) return;
  incoming_ = datagram;
  if (state_ == State::handshaking) step(now);
  if (state_ == State::established) {
    read();
    if (state_ == State::established) arm(now);
  }
  incoming_ = {};
}

void DtlsClient::read() {
  Secret<kMaxMessageBytes> room;
  while (!incoming_.empty() || internals::input_pending(ssl_)) {
    const int size = wolfSSL_read(ssl_, room.span().data(), static_cast<int>(room.size()));
    if (size > 0) {
      receive_(room.span().first(static_cast<std::size_t>(size)));
      continue;
    }
    const int error = wolfSSL_get_error(ssl_, size);
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) return;
    state_ = State::closed;
    failure_ = Fault{Error::closed, "the server closed the session"};
    return;
  }
}

void DtlsClient::on_timer(TimePoint now) {
  if (now < deadline_ || (state_ != State::handshaking && state_ != State::established)) return;
  if (state_ == State::handshaking && now - report_.began >= options_.handshake_timeout) {
    fail_with({Error::timeout, "no handshake within the time allowed; does the server run, and does a firewall drop UDP?"});
    return;
  }
  const auto sent_before = report_.datagrams_sent;
  const bool sent = internals::retransmit(ssl_);
  if (report_.datagrams_sent > sent_before && state_ == State::handshaking) ++report_.flights;
  if (!sent && state_ == State::handshaking) {
    fail_with({Error::timeout, "the server stopped answering during the handshake"});
    return;
  }
  arm(now);
  if (!sent) deadline_ = TimePoint::max();
}

Status DtlsClient::send(Bytes message) {
  if (message.size() > max_payload()) return fail(Error::too_large);
  if (state_ != State::established) return fail(Error::closed);
  if (wolfSSL_write(ssl_, message.data(), static_cast<int>(message.size())) > 0) return {};
  state_ = State::closed;
  return fail(Error::closed);
}

std::size_t DtlsClient::max_payload() const noexcept { return options_.path_mtu - kIpUdpHeaderBytes - kRecordOverheadBytes; }

void DtlsClient::close() {
  if (state_ == State::established) wolfSSL_shutdown(ssl_);
  state_ = State::closed;
}

SessionTicket DtlsClient::ticket() const {
  if (state_ != State::established && state_ != State::closed) return nullptr;
  auto* session = wolfSSL_get1_session(ssl_);
  if (session == nullptr) return nullptr;
  return SessionTicket(session, [](void* held) { wolfSSL_SESSION_free(static_cast<WOLFSSL_SESSION*>(held)); });
}

void DtlsClient::fail_with(Fault fault) {
  state_ = State::failed;
  failure_ = std::move(fault);
  deadline_ = TimePoint::max();
}

bool DtlsClient::accepts(Bytes certificate) {
  if (options_.signatures.empty()) return true;
  const auto accepted = [this](const Result<SignatureAlgorithm>& found) {
    return found && std::ranges::find(options_.signatures, *found) != options_.signatures.end();
  };
  const auto key = certificate_algorithm(certificate);
  const auto issuer = issuer_algorithm(certificate);
  if (accepted(key) && accepted(issuer)) return true;
  const auto title = [](const Result<SignatureAlgorithm>& found) { return found ? std::string(name(*found)) : "an unknown algorithm"; };
  rejection_ = Fault{Error::not_trusted, "a certificate of the server is for " + title(key) + " and signed with " + title(issuer) +
                                             ", which --signatures does not accept"};
  return false;
}

void DtlsClient::reject(int error) {
  if (options_.psk && options_.roots.empty()) {
    rejection_ = Fault{Error::unauthorized,
                       "the server answered with a certificate instead of the pre-shared key: it does not know this "
                       "identity, or the identity is disabled there"};
    return;
  }
  switch (error) {
    case ASN_AFTER_DATE_E:
      rejection_ = Fault{Error::not_trusted, "the server's certificate has expired; renew it there with 'qeaas keys --renew'"};
      return;
    case ASN_BEFORE_DATE_E: rejection_ = Fault{Error::not_trusted, "the server's certificate is not valid yet; check both clocks"}; return;
    default:
      rejection_ = Fault{Error::not_trusted,
                         "the server's certificate is not signed by a trusted CA; give the server's ca.pem with --ca or QEAAS_CA"};
  }
}

Fault DtlsClient::describe(int error) const {
  if (rejection_) return *rejection_;
  if (error == FATAL_ERROR || error == SOCKET_PEER_CLOSED_E || error == WOLFSSL_ERROR_ZERO_RETURN) {
    WOLFSSL_ALERT_HISTORY history{};
    wolfSSL_get_alert_history(ssl_, &history);
    return {Error::unauthorized, "the server refused the handshake (alert " + std::to_string(history.last_rx.code) +
                                     "); it may want a client key (--psk), or other groups (--groups)" +
                                     (options_.signatures.empty() ? "" : ", or have no certificate that --signatures accepts")};
  }
  return {Error::crypto, "the handshake failed (wolfSSL error " + std::to_string(error) + ")"};
}

}  // namespace qeaas
