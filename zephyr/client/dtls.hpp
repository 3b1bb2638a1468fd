// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsSession: one DTLS 1.3 session of a device with a server, over wolfSSL and Zephyr's sockets. It blocks, until a deadline. wolfSSL is
// built without threads: all sessions belong to one thread, or stand behind one mutex. No exceptions, no RTTI; all memory is the object,
// its caller's stack, and wolfSSL's own heap (CONFIG_QEAAS_DTLS_HEAP_BYTES).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

#include "device_error.hpp"

struct WOLFSSL;
struct WOLFSSL_CTX;
struct WOLFSSL_SESSION;

namespace qeaas::device {

using Bytes = std::span<const std::uint8_t>;
inline constexpr std::size_t kPinBytes = 32;

// Group is a key exchange, by its code point in TLS.
enum class Group : std::uint16_t {
  none = 0,
  p256 = 0x0017,
  x25519 = 0x001D,
  ml_kem_512 = 0x0200,
  ml_kem_768 = 0x0201,
  ml_kem_1024 = 0x0202
};
enum class Signature : std::uint8_t { none, ecdsa, ml_dsa_44, ml_dsa_65, ml_dsa_87, other };
// DateCheck says against what the certificate's dates were held. A floor date is one that the device knows to have passed (of its build,
// or of the last answer that it trusted): a certificate that ended before it is expired, and no more can be said.
enum class DateCheck : std::uint8_t { none, floor, clock };

const char* name(Group group) noexcept;  // "ML-KEM-512"; "none"
const char* name(Signature signature) noexcept;
const char* name(DateCheck check) noexcept;

// default_groups lists what Kconfig compiled in, the preferred one first.
std::span<const Group> default_groups() noexcept;

// DtlsConfig is read by open and receive and copied nowhere: everything it points to must outlive the session. A server is trusted by a
// pinned key, else by a root; or by the pre-shared key.
struct DtlsConfig {
  std::span<const Group> groups{};          // empty: default_groups(); the key share of the first goes with the first hello
  const char* server_name = nullptr;        // name or address that the certificate must carry; required with roots, ignored with a pin
  std::span<const Bytes> roots{};           // DER of trusted CA certificates
  std::span<const std::uint8_t> pin{};      // kPinBytes: SHA-256 of the SubjectPublicKeyInfo of the server's certificate; empty: no pin
  const char* psk_identity = nullptr;       // 1 to 64 bytes of UTF-8
  std::span<const std::uint8_t> psk_key{};  // 16 to 64 bytes
  std::int64_t (*clock)(void* context) = nullptr;  // Unix seconds; 0 when the clock is not set
  void* clock_context = nullptr;
  std::int64_t floor_date = 0;       // Unix seconds; 0: none. A clock that is behind it counts as not set
  bool accept_unknown_date = false;  // without clock and floor: accept, and say so in the report (dates == none)
  bool use_cid = true;
  std::uint16_t mtu = 1280;               // of the path, IP and UDP headers included; 576 to 1500
  std::uint32_t first_timeout_ms = 1000;  // of a flight; doubles at each repetition
  std::uint32_t longest_timeout_ms = 16000;
};

struct DtlsReport {
  Group group = Group::none;
  Signature signature = Signature::none;  // of the server's certificate; none with a PSK or on resumption
  DateCheck dates = DateCheck::none;      // none with a PSK or on resumption
  bool verified = false;                  // by certificate, pin, PSK, or by the session that is resumed
  bool resumed = false;
  bool psk = false;
  bool cid = false;
  std::uint32_t datagrams_sent = 0;
  std::uint32_t datagrams_received = 0;
  std::uint32_t bytes_sent = 0;
  std::uint32_t bytes_received = 0;
  std::uint16_t flights = 0;          // times that this side spoke during the handshake
  std::uint16_t retransmissions = 0;  // flights that were repeated, then or later
  int wolfssl_error = 0;              // behind the last failure of the handshake
  std::uint8_t alert = 0;             // that the server sent with it; 0: none
};

class DtlsSession {
 public:
  DtlsSession() = default;
  ~DtlsSession();  // closes silently, and forgets the ticket
  DtlsSession(const DtlsSession&) = delete;
  DtlsSession& operator=(const DtlsSession&) = delete;

  // open makes the handshake, with the ticket of an earlier session if there is one; what was open before is dropped. 0, or a DeviceError;
  // then nothing is open, and the ticket is forgotten unless nobody answered (timeout, network).
  int open(const sockaddr* server, socklen_t size, const DtlsConfig& config, k_timepoint_t deadline);
  // send encrypts one message into one datagram. 0; invalid_argument above max_payload(); not_open, network.
  int send(Bytes message, k_timepoint_t deadline);
  // receive waits for one message. Its size, or timeout (the session stays open), closed, network; invalid_argument if it does not fit.
  int receive(std::span<std::uint8_t> room, k_timepoint_t deadline);
  // rebind takes a new socket for the same session, after this device's address has changed. Only with a connection ID (report().cid).
  int rebind();
  // close tells the server and frees everything but the ticket.
  void close();
  // drop does so without telling: for a server that does not answer any more.
  void drop();
  void forget_ticket();

  bool is_open() const noexcept { return established_; }
  bool has_ticket() const noexcept { return ticket_ != nullptr; }
  std::size_t max_payload() const noexcept;
  const DtlsReport& report() const noexcept { return report_; }  // of the present or the last session

 private:
  struct Callbacks;
  friend struct Callbacks;

  int connect_socket();
  int set_up();
  int set_up_trust();
  int load_roots();
  int set_up_session();
  int handshake(k_timepoint_t deadline);
  int wait(k_timepoint_t deadline);
  int repeat_flight();
  void arm(bool anew);
  void complete();
  void judge(Bytes certificate, bool leaf, bool signed_by_root);
  int explain(int wolfssl_error);
  void keep_ticket();
  void release();

  WOLFSSL_CTX* context_ = nullptr;
  WOLFSSL* ssl_ = nullptr;
  WOLFSSL_SESSION* ticket_ = nullptr;
  const DtlsConfig* config_ = nullptr;
  sockaddr_storage server_{};
  socklen_t server_size_ = 0;
  int socket_ = -1;
  bool established_ = false;
  bool socket_failed_ = false;      // the last datagram could not be sent
  bool speaking_ = false;           // this side sent last
  std::int64_t flight_due_ms_ = 0;  // uptime at which the pending flight is repeated; 0: none is pending
  std::uint32_t flight_timeout_ms_ = 0;
  int rejection_ = 0;                  // why the certificate was refused
  std::uint32_t refusals_before_ = 0;  // of the heap, when the handshake began
  DtlsReport report_;
};

// HeapUse is what wolfSSL takes of its heap, in bytes.
struct HeapUse {
  std::size_t size = 0;
  std::size_t used = 0;
  std::size_t peak = 0;
  std::uint32_t refusals = 0;  // times that it had no room for what wolfSSL asked
};
HeapUse dtls_heap_use() noexcept;
void dtls_heap_reset_peak() noexcept;

}  // namespace qeaas::device
