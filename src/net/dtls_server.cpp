// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsServer: datagrams in, first hellos and cookies, timers. What happens to a session once it exists is in dtls_server_session.cpp.
#include "net/dtls_server.hpp"

#include <algorithm>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>

#include "base/log.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "net/dtls_burst.hpp"
#include "net/wolfssl_internals.hpp"

namespace qeaas {
namespace {

// Record and handshake header of a plain ClientHello (RFC 9147 4, 5.2).
constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kAckRecord = 26;
constexpr std::uint8_t kClientHello = 1;
constexpr std::size_t kRecordHeaderBytes = 13;
constexpr std::size_t kHandshakeHeaderBytes = 12;
constexpr std::size_t kRandomOffset = kRecordHeaderBytes + kHandshakeHeaderBytes + 2;

// Unified header of an encrypted record (RFC 9147 4): 001CSLEE.
constexpr bool unified(std::uint8_t first) noexcept { return (first & 0xE0) == 0x20; }
constexpr bool carries_cid(std::uint8_t first) noexcept { return (first & 0x10) != 0; }
constexpr unsigned kHandshakeEpoch = 2;

std::uint32_t three_bytes(Bytes from) noexcept { return static_cast<std::uint32_t>(from[0] << 16 | from[1] << 8 | from[2]); }

}  // namespace

struct DtlsServer::Hello {
  bool first_fragment;
  bool second;                // message number 1: it answers a HelloRetryRequest
  std::uint64_t fingerprint;  // of the client's random; 0 for a later fragment

  // read gives nothing when the datagram is not a plain ClientHello of epoch 0.
  static std::optional<Hello> read(Bytes datagram) noexcept {
    if (datagram.size() < kRecordHeaderBytes + kHandshakeHeaderBytes || datagram[0] != kHandshakeRecord || datagram[1] != 0xFE ||
        datagram[3] != 0 || datagram[4] != 0 || datagram[kRecordHeaderBytes] != kClientHello)
      return std::nullopt;
    Hello hello{three_bytes(datagram.subspan(kRecordHeaderBytes + 6)) == 0,
                datagram[kRecordHeaderBytes + 4] != 0 || datagram[kRecordHeaderBytes + 5] != 0, 0};
    if (!hello.first_fragment) return hello;
    if (datagram.size() < kRandomOffset + 32) return std::nullopt;
    for (const auto byte : datagram.subspan(kRandomOffset, 8)) hello.fingerprint = hello.fingerprint << 8 | byte;
    return hello;
  }
};

DtlsServer::DtlsServer(std::shared_ptr<const TlsContext> context, const DtlsServerOptions& options, DatagramSink& sink, Handler& handler)
    : context_(std::move(context)),
      options_(options),
      sink_(sink),
      handler_(handler),
      max_datagram_(options.path_mtu - kIpUdpHeaderBytes),
      max_payload_(max_datagram_ - kRecordOverheadBytes),
      packer_(sink, max_datagram_) {
  held_.reserve(kMaxDatagramBytes);
  held_sizes_.reserve(16);
  closing_.reserve(64);
}

DtlsServer::~DtlsServer() { close_all(); }

void DtlsServer::use_context(std::shared_ptr<const TlsContext> context) noexcept {
  context_ = std::move(context);
  current_.listener.reset();
  previous_.listener.reset();
}

void DtlsServer::on_datagram(const Address& from, Bytes datagram, TimePoint now) noexcept {
  ++counters_.datagrams;
  if (datagram.empty() || datagram.size() > kMaxDatagramBytes) return;
  const Burst burst(*this);
  dispatch(from, datagram, now);
  reap();
}

void DtlsServer::dispatch(const Address& from, Bytes datagram, TimePoint now) noexcept {
  if (const auto hello = Hello::read(datagram)) {
    on_hello(from, *hello, datagram, now);
    return;
  }
  if (auto* session = find(from, datagram))
    feed(*session, from, datagram, now);
  else
    ++counters_.dropped;
}

// find gives the session that a datagram other than a hello belongs to.
DtlsSession* DtlsServer::find(const Address& from, Bytes datagram) const noexcept {
  if (unified(datagram[0]) && carries_cid(datagram[0]))
    return datagram.size() > kCidBytes ? table_.by_cid(datagram.subspan<1, kCidBytes>()) : nullptr;
  auto* session = table_.by_address(from);
  if (session == nullptr) return nullptr;
  if (unified(datagram[0])) return session->successor != nullptr && (datagram[0] & 3) == kHandshakeEpoch ? session->successor : session;
  // Of plain records only acknowledgements of a ServerHello mean something here. Anybody can send an alert in a client's name.
  if (datagram[0] != kAckRecord) return nullptr;
  if (session->successor != nullptr) session = session->successor;
  return session->state == DtlsSession::State::handshaking ? session : nullptr;
}

void DtlsServer::prefetch(std::span<const Datagram> batch) const noexcept {
  // Few sessions stay in the caches by themselves, and one datagram alone has nobody to wait beside it.
  constexpr std::size_t kCachedSessions = 256;
  constexpr std::size_t kMostDatagrams = 64;
  if (batch.size() < 2 || table_.size() < kCachedSessions) return;
  std::array<const DtlsSession*, kMostDatagrams> sessions{};
  const auto count = std::min(batch.size(), kMostDatagrams);
  for (std::size_t i = 0; i < count; ++i) {
    if (batch[i].bytes.empty() || !unified(batch[i].bytes[0])) continue;
    sessions[i] = find(*batch[i].from, batch[i].bytes);
    if (sessions[i] != nullptr) internals::prefetch_lines(sessions[i], sizeof(DtlsSession));
  }
  for (const auto* session : sessions)
    if (session != nullptr) internals::prefetch_session(session->ssl);
  for (const auto* session : sessions)
    if (session != nullptr) internals::prefetch_ciphers(session->ssl);
}

void DtlsServer::on_hello(const Address& from, const Hello& hello, Bytes datagram, TimePoint now) noexcept {
  if (belongs_to_known(from, hello, datagram, now)) return;
  if (!hello.first_fragment) {
    ++counters_.dropped;  // its first part, which carries the cookie, has not arrived
    return;
  }
  ++counters_.hellos;
  rotate_cookies(now);
  if (listen(current_, from, hello, datagram, now)) return;
  // A cookie of the secret before: an honest client that was under way while the secret rotated.
  if (hello.second && cookie_born_ != TimePoint{} && listen(previous_, from, hello, datagram, now)) return;
  ++counters_.hellos_refused;
}

// belongs_to_known handles hellos of a client that already has a session here: a retransmission goes to the handshake it belongs
// to, and a late duplicate must not start anything. A different random is a new session from the same address (RFC 9147 5.11).
bool DtlsServer::belongs_to_known(const Address& from, const Hello& hello, Bytes datagram, TimePoint now) noexcept {
  auto* session = table_.by_address(from);
  if (session == nullptr) return false;
  for (auto* candidate : {session->successor, session}) {
    if (candidate == nullptr) continue;
    const bool handshaking = candidate->state == DtlsSession::State::handshaking;
    if (!hello.first_fragment ? !handshaking : candidate->hello != hello.fingerprint) continue;
    // Once the hello is answered, only its first fragment, whose random nobody else knows, may ask for the answer again.
    if (handshaking && hello.second && (hello.first_fragment || !candidate->answered)) feed(*candidate, from, datagram, now);
    return true;
  }
  return false;
}

bool DtlsServer::listen(CookieSecret& secret, const Address& from, const Hello& hello, Bytes datagram, TimePoint now) noexcept {
  if (!secret.listener && !make_listener(secret)) return false;
  auto& listener = *secret.listener;
  listener.peer = from;
  // A listener lives through many unverified hellos: nothing that one of them said may stay.
  listener.key_identity = listener.psk_identity = listener.ticket_identity = kAnonymous;
  if (wolfSSL_dtls_set_peer(listener.ssl, listener.peer.data(), listener.peer.size()) != WOLFSSL_SUCCESS) return false;
  listener.incoming = datagram;
  held_.clear();
  held_sizes_.clear();
  const int result = wolfDTLS_accept_stateless(listener.ssl);
  listener.incoming = {};
  if (result < 0) {
    const bool verified = listener.cookie_verified;
    if (verified) {  // a wrong PSK, say: its owner is told
      send_held(from);
      count_failure();
    }
    secret.listener.reset();
    return verified;
  }
  // wolfSSL answers a bad cookie with an alert and goes on listening, and passes over the first fragment of a hello with one. Alerts
  // are dropped: nothing is owed to an address that nobody has verified.
  if (result != WOLFSSL_SUCCESS && (held_.empty() || held_[0] != kHandshakeRecord)) return false;
  send_held(from);
  if (result == WOLFSSL_SUCCESS) begin_session(std::move(secret.listener), hello, now);
  return true;
}

void DtlsServer::send_held(const Address& to) noexcept {
  Bytes rest = held_;
  for (const auto size : held_sizes_) {
    sink_.send(to, rest.first(size));
    rest = rest.subspan(size);
  }
}

int DtlsServer::on_verified_cookie(WOLFSSL* /*ssl*/, void* context) noexcept {
  auto& session = *static_cast<DtlsSession*>(context);
  session.cookie_verified = true;
  return !session.server->options_.connection_id || session.server->give_cid(session) ? 0 : -1;
}

bool DtlsServer::make_listener(CookieSecret& secret) noexcept {
  auto listener = std::make_unique<DtlsSession>(*this);
  if (!listener->attach(context_)) return false;
  auto* ssl = listener->ssl;
  const auto bytes = std::as_const(secret.bytes).span();
  if (wolfSSL_send_hrr_cookie(ssl, bytes.data(), static_cast<unsigned>(bytes.size())) != WOLFSSL_SUCCESS ||
      wolfSSL_dtls_set_mtu(ssl, static_cast<word16>(max_datagram_)) != WOLFSSL_SUCCESS ||
      wolfSSL_dtls13_allow_ch_frag(ssl, 1) != WOLFSSL_SUCCESS)
    return false;
  // The connection ID must be there before the hello's extensions are read, and must not be there for hellos without a cookie.
  wolfDTLS_SetChGoodCb(ssl, on_verified_cookie, listener.get());
  secret.listener = std::move(listener);
  return true;
}

void DtlsServer::rotate_cookies(TimePoint now) noexcept {
  if (cookie_born_ != TimePoint{} && now - cookie_born_ < options_.cookie_rotation) return;
  Secret<32> fresh;
  if (!seed_bytes(fresh.span())) return;  // the old secret goes on: a late rotation is better than no service
  const bool stale = cookie_born_ != TimePoint{} && now - cookie_born_ >= 2 * options_.cookie_rotation;
  previous_.bytes = std::move(current_.bytes);
  previous_.listener.reset();
  if (cookie_born_ == TimePoint{} || stale) static_cast<void>(seed_bytes(previous_.bytes.span()));
  current_.bytes = std::move(fresh);
  current_.listener.reset();
  cookie_born_ = now;
}

bool DtlsServer::give_cid(DtlsSession& session) noexcept {
  if (cid_count_ == 0 && !seed_bytes(cid_secret_.span())) return false;
  session.cid[0] = options_.worker;
  do {
    std::array<std::uint8_t, 8> count;
    std::memcpy(count.data(), &cid_count_, count.size());
    ++cid_count_;
    std::array<std::uint8_t, kSha256Bytes> digest;
    sha256({std::as_const(cid_secret_).span(), count}, digest);
    std::copy_n(digest.begin(), kCidBytes - 1, session.cid.begin() + 1);
  } while (table_.by_cid(session.cid) != nullptr);
  session.has_cid = wolfSSL_dtls_cid_use(session.ssl) == WOLFSSL_SUCCESS &&
                    wolfSSL_dtls_cid_set(session.ssl, session.cid.data(), kCidBytes) == WOLFSSL_SUCCESS;
  return session.has_cid;
}

void DtlsServer::begin_session(std::unique_ptr<DtlsSession> owned, const Hello& hello, TimePoint now) noexcept {
  auto& session = *owned;
  if (!handler_.admit(session.peer, now) || (options_.connection_id && !session.has_cid)) {
    ++counters_.hellos_refused;
    return;
  }
  make_room(now);
  ++counters_.handshakes_begun;
  session.state = DtlsSession::State::handshaking;
  session.hello = hello.fingerprint;
  session.began = session.last_used = now;
  opening_.push_front(session);
  if (auto* displaced = table_.insert(std::move(owned))) fail_session(*displaced);
  continue_handshake(session, now);
}

// make_room keeps the table at its limit. Half-open handshakes go first, oldest first, once they hold more than an eighth of it and
// have had their time, or more than a quarter, so that clients who only open cannot push out those who work.
void DtlsServer::make_room(TimePoint now) noexcept {
  reap();
  if (table_.size() < options_.max_sessions) return;
  const auto share = std::max<std::size_t>(1, options_.max_sessions / 8);
  const auto opening = opening_.size();
  auto* victim = table_.in_order_of_use().last();
  if (opening > 2 * share || (opening > share && now - opening_.last()->began > 2s)) victim = opening_.last();
  ++counters_.evicted;
  close(*victim);
  reap();
}

void DtlsServer::emit(DtlsSession& session, Bytes datagram) noexcept {
  if (session.state != DtlsSession::State::listening) {
    if (datagram[0] != kAckRecord) session.answered = true;  // an acknowledgement asks for the rest of the hello
    packer_.add(session.peer, datagram);
    return;
  }
  held_.insert(held_.end(), datagram.begin(), datagram.end());
  held_sizes_.push_back(datagram.size());
}

void DtlsServer::on_timer(TimePoint now) noexcept {
  const Burst burst(*this);
  reap();  // what the front end closed since the last call
  for (auto* session = flights_.first(); session != nullptr;) {
    auto* next = flights_.next(*session);
    if (session->state == DtlsSession::State::handshaking && now - session->began >= options_.handshake_timeout)
      fail_session(*session);
    else if (now >= session->retransmit_at)
      retransmit(*session, now);
    session = next;
  }
  for (auto* session = table_.in_order_of_use().last(); session != nullptr && now - session->last_used >= options_.idle_timeout;) {
    auto* next = table_.in_order_of_use().previous(*session);
    close(*session);
    session = next;
  }
  reap();
}

TimePoint DtlsServer::next_deadline(TimePoint now) const noexcept { return now + (flights_.size() > 0 ? Clock::duration(50ms) : 1s); }

}  // namespace qeaas
