// SPDX-License-Identifier: GPL-3.0-or-later
// BLAKE2s-256. wolfCrypt's code must be compiled without WOLFSSL_SMALL_STACK, or it would allocate (ARCHITECTURE.md); then none of its
// calls can fail for the sizes that are used here.
#include "crypto/blake2s.hpp"

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/wolfcrypt/blake2.h>

#include <cstring>

namespace qeaas {
namespace {

::Blake2s* state_of(std::uint8_t* room) noexcept { return reinterpret_cast<::Blake2s*>(room); }

// wolfCrypt's compression leaves the message, the working state and the digest in its stack frame. This frame lies where that one was.
[[gnu::noinline]] void erase_dead_frame() noexcept {
  constexpr std::size_t kFrameBytes = 256 + 32 * sizeof(void*);
  std::array<std::uint8_t, kFrameBytes> frame;
  erase(frame);
}

}  // namespace

void erase(std::span<std::uint8_t> memory) noexcept {
  if (memory.empty()) return;
  std::memset(memory.data(), 0, memory.size());
  asm volatile("" : : "r"(memory.data()) : "memory");  // somebody might read it: the zeros must be there
}

void Blake2s::begin(std::span<const std::uint8_t> key) noexcept {
  static_assert(sizeof(::Blake2s) <= kStateBytes && alignof(::Blake2s) <= 16);
  // Both overwrite the whole of wolfCrypt's state.
  if (key.empty())
    wc_InitBlake2s(state_of(state_.data()), kBlake2sBytes);
  else
    wc_InitBlake2s_WithKey(state_of(state_.data()), kBlake2sBytes, key.data(), static_cast<word32>(key.size()));
}

Blake2s& Blake2s::update(std::span<const std::uint8_t> data) noexcept {
  if (data.empty()) return *this;
  ::Blake2s* const state = state_of(state_.data());
  const bool compresses = data.size() > sizeof(state->S->buf) - state->S->buflen;
  wc_Blake2sUpdate(state, data.data(), static_cast<word32>(data.size()));
  if (compresses) erase_dead_frame();
  return *this;
}

void Blake2s::finish(std::span<std::uint8_t, kBlake2sBytes> digest) noexcept {
  wc_Blake2sFinal(state_of(state_.data()), digest.data(), kBlake2sBytes);
  erase(state_bytes());
  erase_dead_frame();
}

}  // namespace qeaas
