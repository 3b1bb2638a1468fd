// SPDX-License-Identifier: GPL-3.0-or-later
// Who a client is and what it may draw: plain values, shared by the store (SQLite), the table (memory) and the command line.
// A PSK is known by its identity text, a certificate or raw public key by the SHA-256 of its SubjectPublicKeyInfo, a token by
// its own SHA-256. Everybody who proves nothing is the one identity "anonymous".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas::access {

inline constexpr std::size_t kMaxNameBytes = 64;         // of an identity's name, UTF-8
inline constexpr std::size_t kMaxPskIdentityBytes = 64;  // interfaces.md: UTF-8 to 64 bytes
inline constexpr std::size_t kMinPskKeyBytes = 16;
inline constexpr std::size_t kMaxPskKeyBytes = 64;
inline constexpr std::size_t kMinTokenBytes = 16;
inline constexpr std::size_t kMaxTokenBytes = 512;
inline constexpr std::string_view kAnonymousName = "anonymous";
inline constexpr std::int64_t kAnonymousId = 1;  // the row that every store has

using Digest = std::array<std::uint8_t, 32>;  // a SHA-256
using WallTime = std::chrono::sys_seconds;    // UTC, for days and for people

// Instant is one reading of both clocks: the steady one paces, the wall clock says which day it is.
struct Instant {
  std::chrono::steady_clock::time_point steady;
  WallTime wall;
};

// Clocks is a precise reading of both clocks, for levels that outlive the process: the steady clock begins anew with the machine.
struct Clocks {
  std::chrono::steady_clock::time_point steady;
  std::chrono::sys_time<std::chrono::nanoseconds> wall;
  static Clocks now() noexcept { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }
};

enum class CredentialKind : std::uint8_t {
  anonymous,       // no proof at all
  psk,             // external pre-shared key of TLS and DTLS 1.3
  certificate,     // X.509, by its SPKI
  raw_public_key,  // RFC 7250, by its SPKI
  token,           // bearer token of the HTTP front end; only its hash is kept
};
std::string_view name(CredentialKind kind) noexcept;
std::optional<CredentialKind> credential_kind(std::string_view text) noexcept;

// Quota is what one identity may draw; 0 means unlimited. burst_bytes 0 beside a rate means effective_burst's choice.
struct Quota {
  std::uint64_t bytes_per_second = 0;  // to kMaxBytesPerSecond
  std::uint64_t burst_bytes = 0;       // to kMaxBurstBytes
  std::uint64_t bytes_per_day = 0;     // UTC days, to kMaxBytesPerDay
  friend bool operator==(const Quota&, const Quota&) = default;
};
inline constexpr std::uint64_t kMaxBytesPerSecond = 10'000'000'000;
inline constexpr std::uint64_t kMaxBurstBytes = std::uint64_t{1} << 31;
inline constexpr std::uint64_t kMaxBytesPerDay = std::uint64_t{1} << 43;  // 8 TiB; quota.hpp packs it into 44 bits
inline constexpr std::uint64_t kLargestAnswerBytes = 65'536;              // one request, interfaces.md

// effective_burst is burst_bytes, or one second's worth but at least the largest single answer.
std::uint64_t effective_burst(const Quota& quota) noexcept;

// Identity is one row as people see it. It holds no secret.
struct Identity {
  std::int64_t id = 0;  // row, stable until the credential is rotated, never used again
  std::string name;     // unique
  CredentialKind kind = CredentialKind::anonymous;
  std::string credential;  // PSK identity, or 64 hex digits of a SHA-256; empty for anonymous
  bool enabled = true;
  std::optional<Quota> quota;  // none: the configuration's default quota
  std::optional<WallTime> last_seen;
  std::uint64_t bytes_served = 0;
};

// Credential is what a client proves itself by. The factories validate; the key is wiped with the object.
class Credential {
 public:
  static Outcome<Credential> psk(std::string_view identity, Bytes key);
  // certificate and raw_public_key take the DER of the SubjectPublicKeyInfo.
  static Outcome<Credential> certificate(Bytes spki);
  static Outcome<Credential> raw_public_key(Bytes spki);
  // by_digest takes the SHA-256 of an SPKI as 64 hex digits, for operators who have no file; psk is refused.
  static Outcome<Credential> by_digest(CredentialKind kind, std::string_view hex);
  static Outcome<Credential> token(Bytes token);

  CredentialKind kind() const noexcept { return kind_; }
  const std::string& text() const noexcept { return text_; }  // Identity::credential
  Bytes key() const noexcept { return key_.span(); }          // psk only

 private:
  Credential(CredentialKind kind, std::string text, SecretBytes key = {}) : kind_(kind), text_(std::move(text)), key_(std::move(key)) {}
  CredentialKind kind_;
  std::string text_;
  SecretBytes key_;
};

// valid_name and valid_quota say what is wrong, and what is allowed.
Outcome<void> valid_name(std::string_view name);
Outcome<void> valid_quota(const Quota& quota);

}  // namespace qeaas::access
