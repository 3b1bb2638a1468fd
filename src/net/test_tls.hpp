// SPDX-License-Identifier: GPL-3.0-or-later
// A TLS 1.3 client for tests, joined to a TlsSession by function calls: a stream that is cut into pieces of any size, and that the
// test may read, change or end.
#pragma once

#include <functional>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/internal.h>
#include <wolfssl/ssl.h>

#include "net/signatures.hpp"
#include "net/test_network.hpp"
#include "net/tls_session.hpp"
#include "net/wolfssl_internals.hpp"

namespace qeaas::testing_net {

using Buffer = std::vector<std::uint8_t>;

struct TlsClientOptions {
  DtlsClientOptions base;  // what concerns datagrams is not used
  std::string alpn;        // protocols with commas between them
  bool knows_ml_dsa = true;
  bool no_key_exchange = false;  // with a ticket: offers psk_ke alone (RFC 8446 4.2.9)
  int share = 0;                 // the group whose key share goes with the first hello; 0: the first group's
};

class TlsTestClient {
 public:
  explicit TlsTestClient(TlsClientOptions options) : options_(std::move(options)) {
    context_ = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
    wolfSSL_CTX_SetIORecv(context_, receive);
    wolfSSL_CTX_SetIOSend(context_, send);
    auto& base = options_.base;
    must(wolfSSL_CTX_set_groups(context_, base.groups.data(), static_cast<int>(base.groups.size())));
    set_up_trust();
    ssl_ = wolfSSL_new(context_);
    wolfSSL_SetIOReadCtx(ssl_, this);
    wolfSSL_SetIOWriteCtx(ssl_, this);
    wolfSSL_SetCertCbCtx(ssl_, this);
    must(wolfSSL_UseKeyShare(ssl_, static_cast<word16>(options_.share != 0 ? options_.share : base.groups.front())));
    if (!options_.alpn.empty())
      must(wolfSSL_UseALPN(ssl_, options_.alpn.data(), static_cast<word32>(options_.alpn.size()), WOLFSSL_ALPN_FAILED_ON_MISMATCH));
    if (base.ticket) wolfSSL_set_session(ssl_, static_cast<WOLFSSL_SESSION*>(base.ticket.get()));
    if (!options_.knows_ml_dsa) base.signatures = {SignatureAlgorithm::ecdsa_p256};
    std::vector<std::uint16_t> codes;
    for (const auto algorithm : base.signatures) codes.push_back(code_point(algorithm));
    if (!codes.empty() && !internals::offer_signatures(ssl_, codes)) std::abort();
    if (options_.no_key_exchange) must(wolfSSL_no_dhe_psk(ssl_) == 0 ? WOLFSSL_SUCCESS : WOLFSSL_FAILURE);
  }
  ~TlsTestClient() {
    wolfSSL_free(ssl_);
    wolfSSL_CTX_free(context_);
  }
  TlsTestClient(const TlsTestClient&) = delete;
  TlsTestClient& operator=(const TlsTestClient&) = delete;

  // step carries the handshake on, and then reads what has come.
  void step() {
    if (error != 0) return;
    if (!connected) {
      const int result = wolfSSL_connect(ssl_);
      if (result != WOLFSSL_SUCCESS) return note(result);
      connected = true;
    }
    std::array<char, 4096> room{};
    for (int size = 0; (size = wolfSSL_read(ssl_, room.data(), room.size())) != 0;) {
      if (size < 0) return note(size);
      text.append(room.data(), static_cast<std::size_t>(size));
    }
    note(0);
  }
  bool say(std::string_view what) { return wolfSSL_write(ssl_, what.data(), static_cast<int>(what.size())) > 0; }
  void goodbye() { wolfSSL_shutdown(ssl_); }
  WOLFSSL* ssl() { return ssl_; }
  // record encrypts anything at all as one record of a type.
  void record(int type, Bytes content) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // wolfSSL marks it as for its own use and for tests
    Buffer body(content.begin(), content.end());
    Buffer room(content.size() + 64);
    std::copy(body.begin(), body.end(), room.begin() + 5);
    const int size =
        BuildTls13Message(ssl_, room.data(), static_cast<int>(room.size()), room.data() + 5, static_cast<int>(body.size()), type, 0, 0, 0);
#pragma GCC diagnostic pop
    if (size > 0) out.insert(out.end(), room.begin(), room.begin() + size);
  }
  // update_keys sends a key update at once, which wolfSSL_update_keys does not while an answer is due.
  void update_keys() { must(SendTls13KeyUpdate(ssl_) == 0 ? WOLFSSL_SUCCESS : 0); }
  bool resumed() { return wolfSSL_session_reused(ssl_) != 0; }
  bool closed() const { return error == WOLFSSL_ERROR_ZERO_RETURN; }
  std::string group() {
    const char* name = wolfSSL_get_curve_name(ssl_);
    return name == nullptr ? "" : std::string(find_group(name)->name);
  }
  int alert() {
    WOLFSSL_ALERT_HISTORY history{};
    wolfSSL_get_alert_history(ssl_, &history);
    return history.last_rx.code;
  }
  std::string protocol() {
    char* name = nullptr;
    word16 size = 0;
    return wolfSSL_ALPN_GetProtocol(ssl_, &name, &size) == WOLFSSL_SUCCESS ? std::string(name, size) : "";
  }
  SessionTicket ticket() {
    auto* session = wolfSSL_get1_session(ssl_);
    return SessionTicket(session, [](void* held) { wolfSSL_SESSION_free(static_cast<WOLFSSL_SESSION*>(held)); });
  }

  Buffer in;   // from the server, not yet read
  Buffer out;  // to the server, not yet delivered
  std::string text;
  int error = 0;
  bool connected = false;
  std::optional<SignatureAlgorithm> server_signature;

 private:
  static void must(int result) {
    if (result != WOLFSSL_SUCCESS) std::abort();
  }
  void note(int result) {
    const int found = wolfSSL_get_error(ssl_, result);
    if (found != WOLFSSL_ERROR_WANT_READ && found != WOLFSSL_ERROR_WANT_WRITE) error = found;
  }
  void set_up_trust() {
    auto& base = options_.base;
    for (const auto& root : base.roots)
      must(wolfSSL_CTX_load_verify_buffer(context_, root.data(), static_cast<long>(root.size()), WOLFSSL_FILETYPE_ASN1));
    wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_PEER, verify);
    if (base.psk) wolfSSL_CTX_set_psk_client_tls13_callback(context_, psk);
    if (!base.certificate) return;
    std::array<char, 1> types{WOLFSSL_CERT_TYPE_RPK};
    if (base.raw_public_key) must(wolfSSL_CTX_set_client_cert_type(context_, types.data(), 1));
    const auto& own = *base.certificate;
    must(wolfSSL_CTX_use_certificate_buffer(context_, own.certificate.data(), static_cast<long>(own.certificate.size()),
                                            WOLFSSL_FILETYPE_ASN1));
    must(wolfSSL_CTX_use_PrivateKey_buffer(context_, own.private_key.span().data(), static_cast<long>(own.private_key.size()),
                                           WOLFSSL_FILETYPE_ASN1));
  }
  static int receive(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
    auto& in = static_cast<TlsTestClient*>(context)->in;
    if (in.empty()) return WOLFSSL_CBIO_ERR_WANT_READ;
    const auto taken = std::min(in.size(), static_cast<std::size_t>(size));
    std::copy_n(in.begin(), taken, reinterpret_cast<std::uint8_t*>(buffer));
    in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(taken));
    return static_cast<int>(taken);
  }
  static int send(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
    auto& out = static_cast<TlsTestClient*>(context)->out;
    out.insert(out.end(), buffer, buffer + size);
    return size;
  }
  static int verify(int preverified, WOLFSSL_X509_STORE_CTX* store) noexcept {
    auto& client = *static_cast<TlsTestClient*>(store->userCtx);
    if (store->error_depth == 0)
      if (const auto algorithm = certificate_algorithm({store->certs[0].buffer, store->certs[0].length}))
        client.server_signature = *algorithm;
    return preverified;
  }
  static unsigned int psk(WOLFSSL* ssl, const char* /*hint*/, char* identity, unsigned int room, unsigned char* key, unsigned int /*most*/,
                          const char** suite) noexcept {
    const auto& credential = *static_cast<TlsTestClient*>(wolfSSL_GetIOReadCtx(ssl))->options_.base.psk;
    if (credential.identity.size() >= room) return 0;
    std::copy_n(credential.identity.c_str(), credential.identity.size() + 1, identity);
    std::copy_n(credential.key.span().begin(), credential.key.size(), key);
    *suite = "TLS13-AES128-GCM-SHA256";
    return static_cast<unsigned int>(credential.key.size());
  }

  TlsClientOptions options_;
  WOLFSSL_CTX* context_ = nullptr;
  WOLFSSL* ssl_ = nullptr;
};

// TlsPort is a server's side for tests: a context, and sessions that echo nothing but keep what they read.
struct TlsPort {
  TlsPort() {
    options.transport = Transport::stream;
    options.section = "https";
    offer({SignatureAlgorithm::ml_dsa_44, SignatureAlgorithm::ecdsa_p256});
    options.groups = parse_groups(std::vector<std::string>{"X25519MLKEM768", "MLKEM512", "P-256", "X25519"}, false).value();
  }
  void offer(std::initializer_list<SignatureAlgorithm> algorithms) { options.credentials = authority().credentials(algorithms); }
  Outcome<void> start() {
    auto made = TlsContext::make(std::move(options), tickets, resolver);
    if (!made) return tl::unexpected(made.error());
    context = *made;
    return {};
  }
  std::unique_ptr<TlsSession> accept() { return TlsSession::make(context, &census).value(); }
  static TlsClientOptions client_options(std::string group = "X25519MLKEM768") {
    TlsClientOptions made;
    made.base.server_name = "localhost";
    made.base.groups = parse_groups(std::vector<std::string>{std::move(group)}, false).value();
    made.base.roots = authority().roots();
    return made;
  }

  TlsContextOptions options;
  std::shared_ptr<Identities> resolver = std::make_shared<Identities>();
  std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>(1h, 2h);
  std::shared_ptr<const TlsContext> context;
  SessionCensus census;
};

// TlsWire carries bytes between one client and one session until neither has more to say.
struct TlsWire {
  TlsWire(TlsSession& session_, TlsTestClient& client_) : session(session_), client(client_) {}

  // deliver feeds bytes in pieces and reads after each; it stops at the first error of the session.
  void deliver(Bytes bytes) {
    while (!bytes.empty() && !failure) {
      const auto size = std::min(piece, bytes.size());
      if (const auto fed = session.feed(bytes.first(size)); !fed) failure = fed.error();
      drain();
      bytes = bytes.subspan(size);
    }
  }
  void drain() {
    std::array<std::uint8_t, 1000> room{};
    for (auto size = session.read(room); !failure; size = session.read(room)) {
      if (size) {
        heard.append(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*size));
        continue;
      }
      if (size.error() == Error::would_block) return;
      if (size.error() == Error::closed && session.established()) {
        goodbye = true;
        return;
      }
      failure = size.error();
    }
  }
  void run() {
    while (true) {
      client.step();
      Buffer up;
      up.swap(client.out);
      deliver(up);
      bool moved = !up.empty();
      while (session.has_outgoing()) {
        const auto down = session.outgoing();
        const auto size = std::min(piece, down.size());
        client.in.insert(client.in.end(), down.begin(), down.begin() + static_cast<std::ptrdiff_t>(size));
        session.sent(size);
        moved = true;
      }
      if (!moved) return;
    }
  }

  TlsSession& session;
  TlsTestClient& client;
  std::size_t piece = TlsSession::kMaxFeedBytes;
  std::string heard;
  std::optional<Error> failure;
  bool goodbye = false;
};

}  // namespace qeaas::testing_net
