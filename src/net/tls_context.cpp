// SPDX-License-Identifier: GPL-3.0-or-later
// TlsContext: set-up of a wolfSSL context and the callbacks of its handshakes. Every callback finds its Handshake through the I/O
// context of the wolfSSL object.
#include "net/tls_context.hpp"

#include <algorithm>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>

#include "crypto/hash.hpp"
#include "net/handshake.hpp"
#include "net/signatures.hpp"
#include "net/tls_io.hpp"

namespace qeaas {
namespace {

// client_signatures are the code points of the client's signature_algorithms, two bytes each.
Bytes client_signatures(const WOLFSSL* ssl) noexcept {
  const byte* suites = nullptr;
  const byte* algorithms = nullptr;
  word16 suites_size = 0;
  word16 algorithms_size = 0;
  if (wolfSSL_get_client_suites_sigalgs(ssl, &suites, &suites_size, &algorithms, &algorithms_size) != WOLFSSL_SUCCESS) return {};
  return {algorithms, algorithms_size};
}

bool contains(Bytes code_points, std::uint16_t wanted) noexcept {
  for (std::size_t i = 0; i + 1 < code_points.size(); i += 2)
    if (code_points[i] * 256U + code_points[i + 1] == wanted) return true;
  return false;
}

int load_into(WOLFSSL* ssl, const Credential& credential) noexcept {
  const auto& key = credential.private_key.span();
  return wolfSSL_use_certificate_buffer(ssl, credential.certificate.data(), static_cast<long>(credential.certificate.size()),
                                        WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
                 wolfSSL_use_PrivateKey_buffer(ssl, key.data(), static_cast<long>(key.size()), WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS
             ? 1
             : 0;
}

bool load_into(WOLFSSL_CTX* context, const Credential& credential) noexcept {
  const auto& key = credential.private_key.span();
  return wolfSSL_CTX_use_certificate_buffer(context, credential.certificate.data(), static_cast<long>(credential.certificate.size()),
                                            WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
         wolfSSL_CTX_use_PrivateKey_buffer(context, key.data(), static_cast<long>(key.size()), WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
         wolfSSL_CTX_check_private_key(context) == WOLFSSL_SUCCESS;
}

// choose_certificate runs in the handshake, again for the hello after a HelloRetryRequest. The session has the context's first
// credential. A client that knows none of them keeps what it has: wolfSSL then finds that nothing fits and says handshake_failure.
int choose_certificate(WOLFSSL* ssl, void* argument) noexcept {
  const auto& context = *static_cast<const TlsContext*>(argument);
  auto& session = Handshake::of(ssl);
  const auto known = client_signatures(ssl);
  const auto& offered = context.offered();
  const auto chosen = std::ranges::find_if(offered, [&](SignatureAlgorithm one) { return contains(known, code_point(one)); });
  if (chosen == offered.end() || *chosen == session.certificate) return 1;
  session.certificate = *chosen;
  return load_into(ssl, context.options().credentials[static_cast<std::size_t>(chosen - offered.begin())]);
}

unsigned int find_psk(WOLFSSL* ssl, const char* identity, unsigned char* key, unsigned int room, const char** suite) noexcept {
  auto& session = Handshake::of(ssl);
  Secret<kMaxPskBytes> found_key;
  const auto found = session.context->resolver().psk(identity, found_key.span());
  if (!found || found->size > room) return 0;
  std::copy_n(found_key.span().begin(), found->size, key);
  *suite = "TLS13-AES128-GCM-SHA256";
  session.psk_identity = found->identity;
  return static_cast<unsigned int>(found->size);
}

bool shows_raw_key(WOLFSSL* ssl) noexcept {
  int type = WOLFSSL_CERT_TYPE_UNKNOWN;
  return wolfSSL_get_negotiated_client_cert_type(ssl, &type) == WOLFSSL_SUCCESS && type == WOLFSSL_CERT_TYPE_RPK;
}

// check_client is the verify callback: it notes whose key it is. A raw public key arrives as trusted, so the identity table decides.
int check_client(int preverified, WOLFSSL_X509_STORE_CTX* store) noexcept {
  auto& session = *static_cast<Handshake*>(store->userCtx);
  const auto& clients = session.context->options().clients;
  if (store->totalCerts == 0) return clients.none ? 1 : 0;  // an empty Certificate message (RFC 8446 4.4.2.4) comes here too
  if (store->error_depth != 0 || preverified == 0) return preverified;
  const Bytes leaf(store->certs[0].buffer, store->certs[0].length);
  if (shows_raw_key(session.ssl)) {
    if (!clients.raw_public_key) return 0;
    session.key_identity = session.context->resolver().by_key(sha256(leaf), IdentityResolver::KeyForm::raw);
    return session.key_identity != kAnonymous ? 1 : 0;
  }
  const auto spki = spki_sha256(leaf);
  if (!spki || !clients.certificate) return 0;
  session.key_identity = session.context->resolver().by_key(*spki, IdentityResolver::KeyForm::certificate);
  // A certificate of a trusted root may be unknown to the table: then the client is admitted as anonymous would be.
  return session.key_identity != kAnonymous || clients.none ? 1 : 0;
}

TicketKeys::Fields fields(unsigned char* key_name, unsigned char* nonce, unsigned char* mac) noexcept {
  return {std::span<std::uint8_t, TicketKeys::kNameBytes>(key_name, TicketKeys::kNameBytes),
          std::span<std::uint8_t, TicketKeys::kNonceFieldBytes>(nonce, TicketKeys::kNonceFieldBytes),
          std::span<std::uint8_t, TicketKeys::kMacFieldBytes>(mac, TicketKeys::kMacFieldBytes)};
}

int protect_ticket(WOLFSSL* ssl, unsigned char* key_name, unsigned char* nonce, unsigned char* mac, int sealing, unsigned char* ticket,
                   int size, int* out_size, void* argument) noexcept {
  static_assert(TicketKeys::kNameBytes == WOLFSSL_TICKET_NAME_SZ && TicketKeys::kNonceFieldBytes == WOLFSSL_TICKET_IV_SZ &&
                TicketKeys::kMacFieldBytes == WOLFSSL_TICKET_MAC_SZ);
  const auto& context = *static_cast<const TlsContext*>(argument);
  auto& session = Handshake::of(ssl);
  const MutableBytes body(ticket, static_cast<std::size_t>(size));
  *out_size = size;
  if (sealing != 0) {
    return context.tickets().seal(context.options().transport, session.proven_identity(), fields(key_name, nonce, mac), body, Clock::now())
               ? WOLFSSL_TICKET_RET_OK
               : WOLFSSL_TICKET_RET_FATAL;
  }
  const auto identity = context.tickets().open(context.options().transport, fields(key_name, nonce, mac), body, Clock::now());
  if (!identity) return WOLFSSL_TICKET_RET_REJECT;
  if (*identity != kAnonymous && !context.resolver().enabled(*identity)) return WOLFSSL_TICKET_RET_REJECT;
  if (*identity == kAnonymous && !context.options().clients.none) return WOLFSSL_TICKET_RET_REJECT;
  session.ticket_identity = *identity;
  // RET_CREATE would silently force a full handshake in TLS 1.3; a new ticket is issued anyway.
  return WOLFSSL_TICKET_RET_OK;
}

}  // namespace

Outcome<std::shared_ptr<TlsContext>> TlsContext::make(TlsContextOptions options, std::shared_ptr<TicketKeys> tickets,
                                                      std::shared_ptr<IdentityResolver> resolver) {
  std::shared_ptr<TlsContext> context(new TlsContext(std::move(options), std::move(tickets), std::move(resolver)));
  if (auto ready = context->set_up(); !ready) return tl::unexpected(ready.error());
  return context;
}

TlsContext::~TlsContext() {
  if (context_ != nullptr) wolfSSL_CTX_free(context_);
}

Outcome<void> TlsContext::set_up() {
  const bool stream = options_.transport == Transport::stream;
  context_ = wolfSSL_CTX_new(stream ? wolfTLSv1_3_server_method() : wolfDTLSv1_3_server_method());
  if (context_ == nullptr) return explain(Error::crypto, stream ? "TLS context" : "DTLS context");
  wolfSSL_CTX_SetIORecv(context_, stream ? tls_receive : dtls_receive);
  wolfSSL_CTX_SetIOSend(context_, stream ? tls_send : dtls_send);
  if (wolfSSL_CTX_set_groups(context_, options_.groups.data(), static_cast<int>(options_.groups.size())) != WOLFSSL_SUCCESS)
    return explain(Error::unsupported, "key-exchange groups");
  // A PSK or a ticket alone would give no forward secrecy and no post-quantum share.
  wolfSSL_CTX_only_dhe_psk(context_);
  if (auto loaded = load_credentials(); !loaded) return loaded;
  if (auto loaded = load_client_authentication(); !loaded) return loaded;
  // No memory of sessions inside wolfSSL: resumption is by ticket, whose identity is checked.
  wolfSSL_CTX_set_session_cache_mode(context_, WOLFSSL_SESS_CACHE_OFF);
  if (!options_.tickets) {
    wolfSSL_CTX_no_ticket_TLSv13(context_);
    return {};
  }
  wolfSSL_CTX_set_TicketEncCtx(context_, this);
  wolfSSL_CTX_set_TicketEncCb(context_, protect_ticket);
  wolfSSL_CTX_set_TicketHint(context_, static_cast<int>(options_.ticket_lifetime_seconds));
  wolfSSL_CTX_set_timeout(context_, options_.ticket_lifetime_seconds);  // what is accepted; the hint is only what is promised
  wolfSSL_CTX_set_num_tickets(context_, 1);
  return {};
}

Outcome<void> TlsContext::load_credentials() {
  for (const auto& credential : options_.credentials) {
    const auto algorithm = certificate_algorithm(credential.certificate);
    if (!algorithm) return fault(algorithm.error(), "a server certificate is damaged or has a key of another kind than ML-DSA or P-256");
    offered_.push_back(*algorithm);
  }
  if (offered_.empty()) {
    if (options_.clients.psk && !options_.clients.none) return {};
    return fault(Error::not_found,
                 "no server certificate; name ML-DSA-44, ML-DSA-65, ML-DSA-87 or P-256 in [" + options_.section + "] certificates");
  }
  // The first one last: it stays. The others are tried here, so that a damaged one is a fault now and not in a handshake.
  for (auto credential = options_.credentials.rbegin(); credential != options_.credentials.rend(); ++credential)
    if (!load_into(context_, *credential))
      return fault(Error::malformed, "a server certificate and its key do not fit; make new ones with 'qeaas keys --renew'");
  if (offered_.size() > 1) wolfSSL_CTX_set_cert_cb(context_, choose_certificate, this);
  return {};
}

Outcome<void> TlsContext::load_client_authentication() {
  const auto& clients = options_.clients;
  if (clients.psk) wolfSSL_CTX_set_psk_server_tls13_callback(context_, find_psk);
  if (!clients.certificate && !clients.raw_public_key && clients.none) {
    wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_NONE, nullptr);
    return {};
  }
  for (const auto& root : clients.roots)
    if (wolfSSL_CTX_load_verify_buffer(context_, root.data(), static_cast<long>(root.size()), WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
      return fault(Error::malformed, "a root in [" + options_.section + "] client_ca is not a CA certificate");
  // A handshake without a PSK asks for a certificate even when only PSKs may come in: check_client then refuses what it gets, and
  // what it does not get. FAIL_IF_NO_PEER_CERT would refuse PSK clients too.
  wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_PEER, check_client);
  if (clients.raw_public_key) {
    std::array<char, 2> types{WOLFSSL_CERT_TYPE_RPK, WOLFSSL_CERT_TYPE_X509};
    wolfSSL_CTX_set_client_cert_type(context_, types.data(), clients.certificate ? 2 : 1);
  }
  return {};
}

}  // namespace qeaas
