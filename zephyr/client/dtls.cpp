// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsSession: the life of a session and its socket. The handshake is in dtls_handshake.cpp.
#include "dtls.hpp"

#include <cerrno>
#include <cstring>

#include <algorithm>

#include "wolfssl_api.hpp"
#include "wolfssl_view.hpp"

namespace qeaas::device {
namespace {

constexpr std::size_t kIpUdpHeaderBytes = 48;
constexpr std::size_t kRecordOverheadBytes = 1 + 20 + 2 + 2 + 16 + 1;  // header with the longest connection ID, tag, content type
constexpr int kRetrySendMs = 10;

int milliseconds_until(k_timepoint_t deadline) {
  if (K_TIMEOUT_EQ(sys_timepoint_timeout(deadline), K_FOREVER)) return -1;
  return static_cast<int>(std::min<std::int64_t>(k_ticks_to_ms_ceil64(sys_timepoint_timeout(deadline).ticks), INT32_MAX));
}

// set_up_library is wolfSSL's own counting, which a device never undoes.
bool set_up_library() {
  static const bool ready = wolfSSL_Init() == WOLFSSL_SUCCESS;
  return ready;
}

}  // namespace

const char* name(Group group) noexcept {
  switch (group) {
    case Group::none: return "none";
    case Group::p256: return "P-256";
    case Group::x25519: return "X25519";
    case Group::ml_kem_512: return "ML-KEM-512";
    case Group::ml_kem_768: return "ML-KEM-768";
    case Group::ml_kem_1024: return "ML-KEM-1024";
  }
  return "unknown";
}

const char* name(Signature signature) noexcept {
  switch (signature) {
    case Signature::none: return "none";
    case Signature::ecdsa: return "ECDSA";
    case Signature::ml_dsa_44: return "ML-DSA-44";
    case Signature::ml_dsa_65: return "ML-DSA-65";
    case Signature::ml_dsa_87: return "ML-DSA-87";
    case Signature::other: return "other";
  }
  return "unknown";
}

const char* name(DateCheck check) noexcept {
  switch (check) {
    case DateCheck::none: return "none";
    case DateCheck::floor: return "floor";
    case DateCheck::clock: return "clock";
  }
  return "unknown";
}

std::span<const Group> default_groups() noexcept {
  static constexpr Group kGroups[] = {
#ifdef CONFIG_QEAAS_DTLS_ML_KEM_512
      Group::ml_kem_512,
#endif
#ifdef CONFIG_QEAAS_DTLS_ML_KEM_768
      Group::ml_kem_768,
#endif
#ifdef CONFIG_QEAAS_DTLS_ML_KEM_1024
      Group::ml_kem_1024,
#endif
#ifdef CONFIG_QEAAS_DTLS_X25519
      Group::x25519,
#endif
#ifdef CONFIG_QEAAS_DTLS_P256
      Group::p256,
#endif
  };
  return kGroups;
}

DtlsSession::~DtlsSession() {
  release();
  forget_ticket();
}

int DtlsSession::open(const sockaddr* server, socklen_t size, const DtlsConfig& config, k_timepoint_t deadline) {
  drop();
  report_ = {};
  if (server == nullptr || size > sizeof(server_)) return failure(DeviceError::invalid_argument);
  if (!set_up_library()) return failure(DeviceError::no_memory);
  std::memcpy(&server_, server, size);
  server_size_ = size;
  config_ = &config;
  int result = connect_socket();
  if (result == 0) result = set_up();
  if (result == 0) result = handshake(deadline);
  if (result == 0) return 0;
  if (result == failure(DeviceError::timeout) || result == failure(DeviceError::network)) keep_ticket();
  release();
  return result;
}

int DtlsSession::connect_socket() {
  socket_ = zsock_socket(server_.ss_family, SOCK_DGRAM, IPPROTO_UDP);
  if (socket_ < 0) return failure(DeviceError::network);
  if (zsock_connect(socket_, reinterpret_cast<const sockaddr*>(&server_), server_size_) == 0) return 0;
  zsock_close(socket_);
  socket_ = -1;
  return failure(DeviceError::network);
}

int DtlsSession::rebind() {
  if (!established_) return failure(DeviceError::not_open);
  if (!report_.cid) return failure(DeviceError::unsupported);
  zsock_close(socket_);
  return connect_socket();
}

// wait returns 0 when a datagram has come or a flight was repeated, so that wolfSSL should be asked again.
int DtlsSession::wait(k_timepoint_t deadline) {
  if (socket_ < 0) return failure(DeviceError::network);
  int left = milliseconds_until(deadline);
  if (left == 0) return failure(socket_failed_ ? DeviceError::network : DeviceError::timeout);
  if (flight_due_ms_ != 0) {
    const auto due = static_cast<int>(std::max<std::int64_t>(flight_due_ms_ - k_uptime_get(), 0));
    left = left < 0 ? due : std::min(left, due);
  }
  zsock_pollfd watched{socket_, ZSOCK_POLLIN, 0};
  const int ready = zsock_poll(&watched, 1, left);
  if (ready < 0) return failure(DeviceError::network);
  if (ready > 0) return 0;
  if (flight_due_ms_ != 0 && k_uptime_get() >= flight_due_ms_) return repeat_flight();
  return 0;
}

int DtlsSession::repeat_flight() {
  const auto before = report_.datagrams_sent;
  speaking_ = false;
  const bool alive = wolfssl_view::retransmit(ssl_);
  if (report_.datagrams_sent > before) ++report_.retransmissions;
  if (!alive && !established_) return failure(DeviceError::timeout);
  arm(false);
  if (!alive) flight_due_ms_ = 0;
  return 0;
}

// arm sets the time of the next repetition: anew after progress, with a doubled wait after a repetition.
void DtlsSession::arm(bool anew) {
  if (established_ && !wolfssl_view::flight_pending(ssl_)) {
    flight_due_ms_ = 0;
    return;
  }
  flight_timeout_ms_ = anew ? config_->first_timeout_ms : std::min(flight_timeout_ms_ * 2, config_->longest_timeout_ms);
  // With part of a flight received, what is missing is asked for sooner (RFC 9147 7.1).
  const bool quick = wolfSSL_dtls13_use_quick_timeout(ssl_) != 0;
  flight_due_ms_ = k_uptime_get() + (quick ? flight_timeout_ms_ / 4 : flight_timeout_ms_);
}

int DtlsSession::send(Bytes message, k_timepoint_t deadline) {
  if (!established_) return failure(DeviceError::not_open);
  if (message.empty() || message.size() > max_payload()) return failure(DeviceError::invalid_argument);
  for (;;) {
    const int written = wolfSSL_write(ssl_, message.data(), static_cast<int>(message.size()));
    if (written > 0) return 0;
    const int error = wolfSSL_get_error(ssl_, written);
    if (error != WOLFSSL_ERROR_WANT_WRITE && error != WOLFSSL_ERROR_WANT_READ) {
      report_.wolfssl_error = error;
      drop();
      return failure(DeviceError::closed);
    }
    if (sys_timepoint_expired(deadline)) return failure(DeviceError::network);
    k_msleep(kRetrySendMs);
  }
}

int DtlsSession::receive(std::span<std::uint8_t> room, k_timepoint_t deadline) {
  if (!established_) return failure(DeviceError::not_open);
  if (room.empty()) return failure(DeviceError::invalid_argument);
  for (;;) {
    const int size = wolfSSL_read(ssl_, room.data(), static_cast<int>(room.size()));
    if (size > 0) {
      arm(true);
      if (wolfSSL_pending(ssl_) == 0) return size;
      while (wolfSSL_pending(ssl_) > 0 && wolfSSL_read(ssl_, room.data(), static_cast<int>(room.size())) > 0) {
      }
      return failure(DeviceError::invalid_argument);
    }
    const int error = wolfSSL_get_error(ssl_, size);
    if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) {
      report_.wolfssl_error = error;
      drop();
      return failure(DeviceError::closed);
    }
    if (!wolfssl_view::flight_pending(ssl_)) flight_due_ms_ = 0;
    if (const int result = wait(deadline); result != 0) return result;
  }
}

void DtlsSession::close() {
  if (established_) {
    keep_ticket();  // wolfSSL may reset the session when it ends well
    wolfSSL_shutdown(ssl_);
  }
  release();
}

void DtlsSession::drop() {
  if (established_) keep_ticket();
  release();
}

void DtlsSession::keep_ticket() {
  if (ssl_ == nullptr) return;
  if (auto* session = wolfssl_view::share_ticket(ssl_); session != nullptr) {
    forget_ticket();
    ticket_ = session;
  }
}

void DtlsSession::forget_ticket() {
  if (ticket_ != nullptr) wolfSSL_SESSION_free(ticket_);
  ticket_ = nullptr;
}

void DtlsSession::release() {
  established_ = false;
  flight_due_ms_ = 0;
  if (ssl_ != nullptr) wolfSSL_free(ssl_);
  if (context_ != nullptr) wolfSSL_CTX_free(context_);
  if (socket_ >= 0) zsock_close(socket_);
  ssl_ = nullptr;
  context_ = nullptr;
  socket_ = -1;
}

std::size_t DtlsSession::max_payload() const noexcept {
  return config_ == nullptr ? 0 : config_->mtu - kIpUdpHeaderBytes - kRecordOverheadBytes;
}

}  // namespace qeaas::device
