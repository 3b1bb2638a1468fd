// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256, SHA-512 and HMAC over wolfCrypt.
#include "crypto/hash.hpp"

#include <algorithm>
#include <new>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>

#include "crypto/check.hpp"

namespace qeaas {
namespace {

wc_Sha256* state_of(std::byte* room) noexcept { return std::launder(reinterpret_cast<wc_Sha256*>(room)); }

}  // namespace

Sha256::Sha256() noexcept {
  static_assert(sizeof(wc_Sha256) <= kStateBytes && alignof(wc_Sha256) <= 64);
  new (state_.data()) wc_Sha256;
  crypto::must(wc_InitSha256_ex(state_of(state_.data()), nullptr, INVALID_DEVID));
}

Sha256::~Sha256() {
  wc_Sha256Free(state_of(state_.data()));
  wipe({reinterpret_cast<std::uint8_t*>(state_.data()), state_.size()});
}

Sha256& Sha256::update(Bytes data) noexcept {
  // wolfCrypt counts in 32 bits.
  constexpr std::size_t kStep = 1U << 30;
  while (!data.empty()) {
    const auto part = data.first(std::min(data.size(), kStep));
    crypto::must(wc_Sha256Update(state_of(state_.data()), part.data(), static_cast<word32>(part.size())));
    data = data.subspan(part.size());
  }
  return *this;
}

void Sha256::finish(std::span<std::uint8_t, kSha256Bytes> digest) noexcept {
  crypto::must(wc_Sha256Final(state_of(state_.data()), digest.data()));
}

void sha256(std::initializer_list<Bytes> parts, std::span<std::uint8_t, kSha256Bytes> digest) noexcept {
  Sha256 hash;
  for (const Bytes part : parts) hash.update(part);
  hash.finish(digest);
}

std::array<std::uint8_t, kSha256Bytes> sha256(Bytes data) noexcept {
  std::array<std::uint8_t, kSha256Bytes> digest;
  sha256({data}, digest);
  return digest;
}

std::array<std::uint8_t, kSha512Bytes> sha512(Bytes data) noexcept {
  std::array<std::uint8_t, kSha512Bytes> digest;
  wc_Sha512 hash;
  crypto::must(wc_InitSha512_ex(&hash, nullptr, INVALID_DEVID));
  crypto::must(wc_Sha512Update(&hash, data.data(), static_cast<word32>(data.size())));
  crypto::must(wc_Sha512Final(&hash, digest.data()));
  wc_Sha512Free(&hash);
  return digest;
}

void hmac_sha256(Bytes key, Bytes data, std::span<std::uint8_t, kSha256Bytes> tag) noexcept {
  Hmac hmac;
  crypto::must(wc_HmacInit(&hmac, nullptr, INVALID_DEVID));
  // wolfCrypt refuses keys under 14 bytes only in its FIPS build; the length limits of identities are the caller's.
  crypto::must(wc_HmacSetKey(&hmac, WC_SHA256, key.data(), static_cast<word32>(key.size())));
  crypto::must(wc_HmacUpdate(&hmac, data.data(), static_cast<word32>(data.size())));
  crypto::must(wc_HmacFinal(&hmac, tag.data()));
  wc_HmacFree(&hmac);
}

}  // namespace qeaas
