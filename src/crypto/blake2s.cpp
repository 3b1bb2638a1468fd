// SPDX-License-Identifier: GPL-3.0-or-later
// BLAKE2s-256. wolfCrypt's code must be compiled without WOLFSSL_SMALL_STACK, or it would allocate (ARCHITECTURE.md); then none of its
// calls can fail for the sizes that are used here.
#include "crypto/blake2s.hpp"

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/wolfcrypt/blake2.h>

namespace qeaas {
namespace {

::Blake2s* state_of(std::uint8_t* room) noexcept { return reinterpret_cast<::Blake2s*>(room); }

}  // namespace

void erase(std::span<std::uint8_t> memory) noexcept {
  volatile std::uint8_t* byte = memory.data();
  for (std::size_t i = 0; i < memory.size(); ++i) byte[i] = 0;
}

void Blake2s::begin(std::span<const std::uint8_t> key) noexcept {
  static_assert(sizeof(::Blake2s) <= kStateBytes && alignof(::Blake2s) <= 16);
  erase(state_bytes());
  if (key.empty())
    wc_InitBlake2s(state_of(state_.data()), kBlake2sBytes);
  else
    wc_InitBlake2s_WithKey(state_of(state_.data()), kBlake2sBytes, key.data(), static_cast<word32>(key.size()));
}

Blake2s& Blake2s::update(std::span<const std::uint8_t> data) noexcept {
  if (!data.empty()) wc_Blake2sUpdate(state_of(state_.data()), data.data(), static_cast<word32>(data.size()));
  return *this;
}

void Blake2s::finish(std::span<std::uint8_t, kBlake2sBytes> digest) noexcept {
  wc_Blake2sFinal(state_of(state_.data()), digest.data(), kBlake2sBytes);
  erase(state_bytes());
}

}  // namespace qeaas
