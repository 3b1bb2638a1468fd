// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256, SHA-512 and HMAC over wolfCrypt, span in and span out. Objects are for one thread and allocate nothing.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kSha256Bytes = 32;
inline constexpr std::size_t kSha512Bytes = 64;

// Sha256 is the incremental form (FIPS 180-4). finish leaves the object ready for the next message; the state is wiped at the end.
class Sha256 {
 public:
  Sha256() noexcept;
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Sha256& update(Bytes data) noexcept;
  void finish(std::span<std::uint8_t, kSha256Bytes> digest) noexcept;

 private:
  static constexpr std::size_t kStateBytes = 256;
  alignas(64) std::array<std::byte, kStateBytes> state_;  // a wc_Sha256; its header stays inside crypto/
};

// sha256 hashes the concatenation of its parts in one call.
void sha256(std::initializer_list<Bytes> parts, std::span<std::uint8_t, kSha256Bytes> digest) noexcept;
std::array<std::uint8_t, kSha256Bytes> sha256(Bytes data) noexcept;

// sha512 (FIPS 180-4) in one call.
std::array<std::uint8_t, kSha512Bytes> sha512(Bytes data) noexcept;

// hmac_sha256 is RFC 2104 over SHA-256. A key of any length.
void hmac_sha256(Bytes key, Bytes data, std::span<std::uint8_t, kSha256Bytes> tag) noexcept;

}  // namespace qeaas
