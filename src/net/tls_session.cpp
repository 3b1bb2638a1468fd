// SPDX-License-Identifier: GPL-3.0-or-later
// TlsSession: one TLS 1.3 connection between two buffers.
#include "net/tls_session.hpp"

#include <algorithm>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>

#include "net/wolfssl_internals.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMaxHandshakeBytes = 64UL * 1024;  // hellos and a client's certificates are a tenth of this
constexpr unsigned kMaxBarrenRecords = 32;               // key updates, empty records, alerts without data between them
constexpr std::size_t kKeptCapacityBytes = 1024;         // a buffer that is larger goes back when it is empty
constexpr std::size_t kRecordBytes = 16384;
constexpr std::size_t kStreamOverheadBytes = 5 + 1 + 16;  // header, content type, tag

void release(std::vector<std::uint8_t>& buffer) noexcept {
  buffer.clear();
  if (buffer.capacity() > kKeptCapacityBytes) std::vector<std::uint8_t>().swap(buffer);
}

// meaning says what an error of wolfSSL is for the owner of a connection.
Error meaning(int error) noexcept {
  switch (error) {
    case FATAL_ERROR: return Error::closed;  // an alert of the peer
    case AES_GCM_AUTH_E:
    case AES_CCM_AUTH_E:
    case MAC_CMP_FAILED_E:  // ChaCha20-Poly1305
    case DECRYPT_ERROR:
    case VERIFY_MAC_ERROR:
    case VERIFY_FINISHED_ERROR: return Error::tampered;
    case VERSION_ERROR:
    case UNSUPPORTED_PROTO_VERSION:
    case MATCH_SUITE_ERROR:
    case KEY_SHARE_ERROR:
    case INCOMPLETE_DATA:          // none of the extensions that TLS 1.3 needs
    case UNSUPPORTED_CERTIFICATE:  // a raw public key where certificates are asked for, or the reverse
    case UNKNOWN_ALPN_PROTOCOL_NAME_E: return Error::unsupported;
    case PSK_KEY_ERROR:
    case BAD_BINDER:  // a wrong pre-shared key
    case NO_PEER_CERT: return Error::unauthorized;
    case VERIFY_CERT_ERROR:
    case VERIFY_SIGN_ERROR:
    case ASN_NO_SIGNER_E:
    case ASN_SIG_CONFIRM_E:
    case ASN_BEFORE_DATE_E:
    case ASN_AFTER_DATE_E:
    case KEYUSE_SIGNATURE_E:
    case EXTKEYUSE_AUTH_E: return Error::not_trusted;
    case ALERT_COUNT_E:
    case EMPTY_RECORD_LIMIT_E:
    case HANDSHAKE_SIZE_ERROR: return Error::too_large;
    case MEMORY_E:
    case MEMORY_ERROR:
    case RNG_FAILURE_E:
    case BUILD_MSG_ERROR:
    case ENCRYPT_ERROR: return Error::crypto;
    default: return Error::malformed;
  }
}

}  // namespace

// The trampolines from wolfSSL; their context is the Handshake that a TlsSession is.
int tls_receive(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
  auto& session = static_cast<TlsSession&>(*static_cast<Handshake*>(context));
  return session.take({reinterpret_cast<std::uint8_t*>(buffer), static_cast<std::size_t>(size)});
}

int tls_send(WOLFSSL* /*ssl*/, char* buffer, int size, void* context) noexcept {
  auto& session = static_cast<TlsSession&>(*static_cast<Handshake*>(context));
  const Bytes ciphertext(reinterpret_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(size));
  session.waiting_.insert(session.waiting_.end(), ciphertext.begin(), ciphertext.end());
  return size;
}

Result<std::unique_ptr<TlsSession>> TlsSession::make(std::shared_ptr<const TlsContext> context, SessionCensus* census) {
  if (context->options().transport != Transport::stream) return fail(Error::unsupported);
  std::unique_ptr<TlsSession> session(new TlsSession(census));
  if (const auto ready = session->attach(std::move(context)); !ready) return fail(ready.error());
  return session;
}

TlsSession::~TlsSession() {
  // A connection that never said anything is no handshake that failed.
  if (!established_ && !failure_ && handshake_bytes_ > 0 && census_ != nullptr) census_->failed(Transport::stream);
}

Status TlsSession::feed(Bytes ciphertext) noexcept {
  if (failure_) return fail(*failure_);
  if (ciphertext.size() + unread_.size() > kMaxFeedBytes) return fail(Error::no_space);
  if (peer_closed_) return {};  // whatever follows a close_notify is to be ignored (RFC 8446 6.1)
  if (unread_.empty()) {
    unread_ = ciphertext;
  } else {
    keep_unread();
    kept_.insert(kept_.end(), ciphertext.begin(), ciphertext.end());
    unread_ = kept_;
  }
  const auto carried = carry_on();
  keep_unread();
  return carried;
}

// carry_on continues the handshake and decrypts the first record with data, which stays in wolfSSL until it is read.
Status TlsSession::carry_on() noexcept {
  if (!established_) {
    const int result = accept();
    if (result != WOLFSSL_SUCCESS) {
      const auto error = judge(result);
      return error == Error::would_block ? Status() : fail(error);
    }
    if (const auto completed = complete(); !completed) return completed;
  }
  Secret<1> first;
  while (true) {
    const auto before = unread_.size();
    const int result = wolfSSL_peek(ssl, first.span().data(), 1);
    if (result > 0) return {};
    const auto error = judge(result);
    // wolfSSL stops peeking after a key update, though more has arrived.
    if (error == Error::would_block && !unread_.empty() && unread_.size() < before) continue;
    return error == Error::would_block || peer_closed_ ? Status() : fail(error);
  }
}

Status TlsSession::complete() noexcept {
  // The callbacks of the handshake have refused whoever may not come in. Were one of them ever passed by, this would not be.
  if (!settle(census_)) {
    wolfSSL_shutdown(ssl);
    return end(Error::unauthorized);
  }
  established_ = true;
  barren_records_ = 0;
  internals::forget_offers(ssl);
  return {};
}

Error TlsSession::judge(int result) noexcept {
  const int error = wolfSSL_get_error(ssl, result);
  if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) return Error::would_block;
  if (error == WOLFSSL_ERROR_ZERO_RETURN && established_) {
    peer_closed_ = true;
    unread_ = {};
    return Error::closed;
  }
  if (error == WOLFSSL_ERROR_ZERO_RETURN) return end(Error::closed).value();
  return end(over_limits_ ? Error::too_large : meaning(error)).value();
}

tl::unexpected<Error> TlsSession::end(Error error) noexcept {
  if (!established_ && census_ != nullptr) census_->failed(Transport::stream);
  failure_ = error;
  unread_ = {};
  place = {};
  return fail(error);
}

// keep_unread brings what wolfSSL has not taken into kept_, at its beginning.
void TlsSession::keep_unread() noexcept {
  if (unread_.empty()) {
    release(kept_);
    return;
  }
  const bool own = !kept_.empty() && unread_.data() + unread_.size() == kept_.data() + kept_.size();
  if (own)
    kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(unread_.size()));
  else
    kept_.assign(unread_.begin(), unread_.end());
  unread_ = kept_;
}

Result<std::size_t> TlsSession::read(MutableBytes plain) noexcept {
  if (failure_) return fail(*failure_);
  if (peer_closed_) return fail(Error::closed);
  if (!established_ || plain.empty()) return fail(Error::would_block);
  const int size = wolfSSL_read(ssl, plain.data(), static_cast<int>(std::min(plain.size(), kRecordBytes)));
  if (unread_.empty()) release(kept_);
  if (size <= 0) return fail(judge(size));
  if (wolfSSL_pending(ssl) == 0) barren_records_ -= std::min(barren_records_, 2U);
  return static_cast<std::size_t>(size);
}

Status TlsSession::write(Bytes plain) noexcept {
  if (failure_) return fail(*failure_);
  if (!established_) return fail(Error::would_block);
  if (shut_) return fail(Error::closed);
  if (plain.size() > kMaxWriteBytes) return fail(Error::too_large);
  if (plain.empty()) return {};
  waiting_.reserve(waiting_.size() + plain.size() + (plain.size() / kRecordBytes + 1) * kStreamOverheadBytes);
  const auto size = static_cast<int>(plain.size());
  const int written = wolfSSL_write(ssl, plain.data(), size);
  if (written == size) return {};
  return end(Error::crypto);
}

void TlsSession::shutdown() noexcept {
  if (failure_ || !established_ || shut_) return;
  shut_ = true;
  wolfSSL_shutdown(ssl);
}

Bytes TlsSession::outgoing() noexcept {
  if (flying_.empty()) flying_.swap(waiting_);
  return Bytes(flying_).subspan(flown_);
}

void TlsSession::sent(std::size_t count) noexcept {
  flown_ += std::min(count, flying_.size() - flown_);
  if (flown_ < flying_.size()) return;
  flown_ = 0;
  release(flying_);
}

int TlsSession::take(MutableBytes room) noexcept {
  if (unread_.empty()) return WOLFSSL_CBIO_ERR_WANT_READ;
  const auto piece = unread_.first(std::min(unread_.size(), room.size()));
  if (!within_limits(piece)) {
    over_limits_ = true;
    return WOLFSSL_CBIO_ERR_GENERAL;
  }
  std::copy(piece.begin(), piece.end(), room.begin());
  unread_ = unread_.subspan(piece.size());
  return static_cast<int>(piece.size());
}

// within_limits bounds what a peer can make this side do without saying anything. A record with data makes up for itself and for one
// without.
bool TlsSession::within_limits(Bytes piece) noexcept {
  barren_records_ += framing_.follow(piece);
  if (established_) return barren_records_ <= kMaxBarrenRecords;
  handshake_bytes_ += piece.size();
  return handshake_bytes_ <= kMaxHandshakeBytes;
}

}  // namespace qeaas
