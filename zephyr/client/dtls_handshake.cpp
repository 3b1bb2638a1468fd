// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsSession's handshake: what wolfSSL is told before, its callbacks, the judgement of the server's certificate, and what went wrong.
#include <cerrno>
#include <cstring>

#include <algorithm>
#include <array>

#include "certificate.hpp"
#include "dtls_platform.h"
#include "wolfssl_api.hpp"
#include "wolfssl_view.hpp"

#include <wolfssl/wolfcrypt/hash.h>

namespace qeaas::device {
namespace {

constexpr std::size_t kIpUdpHeaderBytes = 48;
constexpr std::size_t kOwnCidBytes = 4;
constexpr std::size_t kMaxGroups = 5;
constexpr std::size_t kMinPskBytes = 16, kMaxPskBytes = 64, kMaxIdentityBytes = 64;
constexpr bool kVerifies = !IS_ENABLED(CONFIG_QEAAS_DTLS_NO_VERIFICATION);

// share_fits tells whether a group's key share leaves a ClientHello in one datagram. A larger one waits for the HelloRetryRequest: the
// hello is then fragmented, which a server accepts only with a cookie.
bool share_fits(Group group) noexcept { return group != Group::ml_kem_768 && group != Group::ml_kem_1024; }

bool lost_not_broken(int error) noexcept {
  // A closed port or a missing route may be there again before the deadline: for UDP that is a lost datagram.
  return error == ECONNREFUSED || error == ENETUNREACH || error == EHOSTUNREACH || error == ENETDOWN || error == EPERM;
}

bool fits(const DtlsConfig& config) noexcept {
  const auto identity = std::strlen(config.psk_identity);
  return identity > 0 && identity <= kMaxIdentityBytes && config.psk_key.size() >= kMinPskBytes && config.psk_key.size() <= kMaxPskBytes;
}

// offer_signatures keeps the hello to what is compiled in: wolfSSL would offer every level of ML-DSA, and a server takes what is offered.
void offer_signatures(WOLFSSL* ssl) noexcept {
  std::array<std::uint16_t, 4> codes;  // RFC 8446 4.2.3, draft-ietf-tls-mldsa
  std::size_t count = 0;
  if (IS_ENABLED(CONFIG_QEAAS_DTLS_ML_DSA_44)) codes[count++] = 0x0904;
  if (IS_ENABLED(CONFIG_QEAAS_DTLS_ML_DSA_65)) codes[count++] = 0x0905;
  if (IS_ENABLED(CONFIG_QEAAS_DTLS_ML_DSA_87)) codes[count++] = 0x0906;
  if (IS_ENABLED(CONFIG_QEAAS_DTLS_ECDSA)) codes[count++] = 0x0403;
  // Without any, only a pre-shared key will do; but a hello that may be answered with a certificate must name some.
  if (count != 0) wolfssl_view::offer_signatures(ssl, std::span(codes).first(count));
}

int to_result(int wolfssl_result) noexcept { return wolfssl_result == WOLFSSL_SUCCESS ? 0 : failure(DeviceError::unsupported); }

}  // namespace

bool matches_pin(const Certificate& certificate, Bytes pin) noexcept {
  std::array<std::uint8_t, kPinBytes> hash;
  const auto key = certificate.public_key_info;
  return wc_Sha256Hash(key.data(), static_cast<word32>(key.size()), hash.data()) == 0 &&
         std::equal(hash.begin(), hash.end(), pin.begin(), pin.end());
}

// Callbacks are the trampolines from wolfSSL; the context of each is the DtlsSession.
struct DtlsSession::Callbacks {
  static int receive(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept {
    auto& session = *static_cast<DtlsSession*>(context);
    if (!session.established_) wolfssl_view::forget_key_share(ssl);
    const auto got = zsock_recv(session.socket_, buffer, static_cast<std::size_t>(size), ZSOCK_MSG_DONTWAIT);
    if (got <= 0) return WOLFSSL_CBIO_ERR_WANT_READ;
    session.speaking_ = false;
    ++session.report_.datagrams_received;
    session.report_.bytes_received += static_cast<std::uint32_t>(got);
    return static_cast<int>(got);
  }

  static int send(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
    auto& session = *static_cast<DtlsSession*>(context);
    const auto sent = zsock_send(session.socket_, buffer, static_cast<std::size_t>(size), 0);
    session.socket_failed_ = sent < 0;
    if (sent < 0 && !lost_not_broken(errno)) return WOLFSSL_CBIO_ERR_WANT_WRITE;
    if (!session.speaking_ && !session.established_) ++session.report_.flights;
    session.speaking_ = true;
    ++session.report_.datagrams_sent;
    session.report_.bytes_sent += static_cast<std::uint32_t>(size);
    return size;
  }

  static int verify(int preverified, WOLFSSL_X509_STORE_CTX* store) noexcept {
    auto& session = *static_cast<DtlsSession*>(store->userCtx);
    const auto& der = store->certs[store->error_depth];
    // Of a chain under a pin, only the leaf counts.
    if (store->error_depth != 0 && !session.config_->pin.empty()) return 1;
    session.judge({der.buffer, der.length}, store->error_depth == 0, preverified != 0);
    if (store->error_depth == 0 && session.rejection_ == 0) session.report_.verified = kVerifies;
    return session.rejection_ == 0 ? 1 : 0;
  }

#ifdef CONFIG_QEAAS_DTLS_PSK
  static unsigned int psk(WOLFSSL* ssl, const char* /*hint*/, char* identity, unsigned int identity_room, unsigned char* key,
                          unsigned int key_room, const char** suite) noexcept {
    const auto& config = *static_cast<DtlsSession*>(wolfSSL_GetIOReadCtx(ssl))->config_;
    if (std::strlen(config.psk_identity) >= identity_room || config.psk_key.size() > key_room) return 0;
    std::strcpy(identity, config.psk_identity);
    std::copy(config.psk_key.begin(), config.psk_key.end(), key);
    *suite = "TLS13-AES128-GCM-SHA256";
    return static_cast<unsigned int>(config.psk_key.size());
  }
#endif
};

int DtlsSession::set_up() {
  const auto& config = *config_;
  rejection_ = 0;
  refusals_before_ = dtls_heap_use().refusals;
  socket_failed_ = false;
  speaking_ = false;
  if (config.mtu < 576 || config.mtu > 1500 || config.groups.size() > kMaxGroups || config.first_timeout_ms == 0)
    return failure(DeviceError::invalid_argument);
  context_ = wolfSSL_CTX_new(wolfDTLSv1_3_client_method());
  if (context_ == nullptr) return failure(DeviceError::no_memory);
  wolfSSL_CTX_SetIORecv(context_, Callbacks::receive);
  wolfSSL_CTX_SetIOSend(context_, Callbacks::send);
#if defined(CONFIG_QEAAS_DTLS_PSK) || defined(CONFIG_QEAAS_DTLS_TICKETS)
  // A key exchange with every pre-shared key and ticket: who learns those later still cannot read what was sent.
  if (wolfSSL_CTX_only_dhe_psk(context_) != 0) return failure(DeviceError::unsupported);
#endif
  if (const int result = set_up_trust(); result != 0) return result;
  return set_up_session();
}

int DtlsSession::set_up_trust() {
  const auto& config = *config_;
  const bool psk = config.psk_identity != nullptr;
  if (psk && !IS_ENABLED(CONFIG_QEAAS_DTLS_PSK)) return failure(DeviceError::unsupported);
  if (psk && !fits(config)) return failure(DeviceError::invalid_argument);
  if (!config.pin.empty() && config.pin.size() != kPinBytes) return failure(DeviceError::invalid_argument);
#ifdef CONFIG_QEAAS_DTLS_PSK
  if (psk) wolfSSL_CTX_set_psk_client_tls13_callback(context_, Callbacks::psk);
#endif
  if (!kVerifies) {
    wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_NONE, Callbacks::verify);
    return 0;
  }
  wolfSSL_CTX_set_verify(context_, WOLFSSL_VERIFY_PEER, Callbacks::verify);
  if (!config.pin.empty()) return 0;
  if (!config.roots.empty()) return load_roots();
  return psk ? 0 : failure(DeviceError::no_trust);
}

// load_roots takes the roots whose time has not passed; a device may carry the next one beside today's.
int DtlsSession::load_roots() {
  if (config_->server_name == nullptr) return failure(DeviceError::invalid_argument);
  const auto now = today(*config_);
  bool any = false;
  for (const auto& root : config_->roots) {
    const auto certificate = read_certificate(root);
    if (!certificate) return failure(DeviceError::bad_root);
    if (check_dates(*certificate, now) == failure(DeviceError::expired)) continue;
    const int result = wolfSSL_CTX_load_verify_buffer(context_, root.data(), static_cast<long>(root.size()), WOLFSSL_FILETYPE_ASN1);
    if (result != WOLFSSL_SUCCESS) return failure(result == MEMORY_E ? DeviceError::no_memory : DeviceError::bad_root);
    any = true;
  }
  return any ? 0 : failure(DeviceError::expired);
}

int DtlsSession::set_up_session() {
  const auto groups = config_->groups.empty() ? default_groups() : config_->groups;
  if (groups.empty()) return failure(DeviceError::invalid_argument);
  std::array<int, kMaxGroups> codes{};
  std::transform(groups.begin(), groups.end(), codes.begin(), [](Group group) { return static_cast<int>(group); });
  if (wolfSSL_CTX_set_groups(context_, codes.data(), static_cast<int>(groups.size())) != WOLFSSL_SUCCESS)
    return failure(DeviceError::unsupported);
  std::array<std::uint8_t, kOwnCidBytes> cid;
  if (qeaas_dtls_seed(cid.data(), cid.size()) != 0) return failure(DeviceError::no_entropy);
  ssl_ = wolfSSL_new(context_);
  if (ssl_ == nullptr) return failure(DeviceError::no_memory);  // the seed was there a moment ago
  offer_signatures(ssl_);
  wolfSSL_SetIOReadCtx(ssl_, this);
  wolfSSL_SetIOWriteCtx(ssl_, this);
  wolfSSL_SetCertCbCtx(ssl_, this);
  wolfSSL_dtls_set_using_nonblock(ssl_, 1);
  if (wolfSSL_dtls_set_mtu(ssl_, static_cast<unsigned short>(config_->mtu - kIpUdpHeaderBytes)) != WOLFSSL_SUCCESS)
    return failure(DeviceError::invalid_argument);
  const int shared = share_fits(groups[0]) ? wolfSSL_UseKeyShare(ssl_, static_cast<word16>(groups[0])) : wolfSSL_NoKeyShares(ssl_);
  if (shared != WOLFSSL_SUCCESS) return shared == MEMORY_E ? failure(DeviceError::no_memory) : to_result(shared);
#ifdef CONFIG_QEAAS_DTLS_CID
  if (config_->use_cid && (wolfSSL_dtls_cid_use(ssl_) != WOLFSSL_SUCCESS ||
                           wolfSSL_dtls_cid_set(ssl_, cid.data(), static_cast<unsigned>(cid.size())) != WOLFSSL_SUCCESS))
    return failure(DeviceError::no_memory);
#endif
  if (ticket_ != nullptr) wolfssl_view::use_ticket(ssl_, ticket_);  // one that is too old is ignored
  forget_ticket();
  return 0;
}

int DtlsSession::handshake(k_timepoint_t deadline) {
  for (;;) {
    const auto received_before = report_.datagrams_received;
    const int result = wolfSSL_connect(ssl_);
    if (result == WOLFSSL_SUCCESS) {
      complete();
      return 0;
    }
    const int error = wolfSSL_get_error(ssl_, result);
    if (error == WOLFSSL_ERROR_WANT_WRITE)
      k_msleep(10);
    else if (error != WOLFSSL_ERROR_WANT_READ)
      return explain(error);
    if (flight_due_ms_ == 0 || report_.datagrams_received > received_before) arm(true);
    if (const int waited = wait(deadline); waited != 0) return waited;
  }
}

void DtlsSession::complete() {
  established_ = true;
  arm(true);
  report_.group = static_cast<Group>(wolfssl_view::group(ssl_));
  report_.resumed = wolfSSL_session_reused(ssl_) != 0;
  report_.psk = wolfssl_view::psk_negotiated(ssl_);
  report_.cid = wolfssl_view::cid_negotiated(ssl_);
  // A PSK or a ticket proves the server as well as its certificate did when it was agreed.
  if (report_.resumed || report_.psk) report_.verified = kVerifies;
  wolfSSL_CTX_UnloadCAs(context_);
}

// judge sets rejection_. Called for each certificate of the server's chain, the leaf last.
void DtlsSession::judge(Bytes der, bool leaf, bool signed_by_root) {
  const auto& config = *config_;
  const auto refuse = [this](DeviceError error) { rejection_ = failure(error); };
  const auto certificate = read_certificate(der);
  if (!certificate) return refuse(DeviceError::bad_certificate);
  report_.signature = certificate->key;
  if (!kVerifies) return;
  if (!config.pin.empty()) {
    if (!matches_pin(*certificate, config.pin)) return refuse(DeviceError::wrong_key);
  } else if (!signed_by_root) {
    return refuse(config.roots.empty() ? DeviceError::unknown_identity : DeviceError::not_trusted);
  } else if (leaf && !carries_name(*certificate, config.server_name)) {
    return refuse(DeviceError::wrong_name);
  }
  const auto now = today(config);
  if (now.check == DateCheck::none && !config.accept_unknown_date) return refuse(DeviceError::no_date);
  rejection_ = check_dates(*certificate, now);
  report_.dates = now.check;
}

int DtlsSession::explain(int error) {
  report_.wolfssl_error = error;
  WOLFSSL_ALERT_HISTORY alerts{};
  wolfSSL_get_alert_history(ssl_, &alerts);
  if (alerts.last_rx.code > 0) report_.alert = static_cast<std::uint8_t>(alerts.last_rx.code);
  // wolfSSL gives a signature that it had no memory to verify, or a message that it could not hold, another name.
  const bool starved = dtls_heap_use().refusals != refusals_before_;
  if (starved && (rejection_ == 0 || rejection_ == failure(DeviceError::not_trusted))) return failure(DeviceError::no_memory);
  if (rejection_ != 0) return rejection_;
  switch (error) {
    case MEMORY_E: return failure(DeviceError::no_memory);
    case RNG_FAILURE_E: return failure(DeviceError::no_entropy);
    case BAD_KEY_SHARE_DATA:  // the server asked for a group that was not offered
    case FATAL_ERROR:         // an alert
    case SOCKET_PEER_CLOSED_E:
    case WOLFSSL_ERROR_ZERO_RETURN: return failure(DeviceError::refused);
    default: return failure(DeviceError::handshake);
  }
}

}  // namespace qeaas::device
