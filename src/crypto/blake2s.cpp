// SPDX-License-Identifier: GPL-3.0-or-later
// BLAKE2s-256. wolfCrypt's code must be compiled without WOLFSSL_SMALL_STACK, or it would allocate (ARCHITECTURE.md); then none of its
// calls can fail for the sizes that are used here. Compression, padding and output are wolfCrypt's.
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

// Word by word, and volatile: many firmware's memset goes byte by byte, and the optimiser drops one whose zeros nobody reads.
void erase(std::span<std::uint8_t> memory) noexcept {
  using Word [[gnu::may_alias]] = std::uint32_t;
  volatile std::uint8_t* byte = memory.data();
  std::size_t left = memory.size();
  for (; left > 0 && reinterpret_cast<std::uintptr_t>(byte) % sizeof(Word) != 0; --left) *byte++ = 0;
  volatile Word* word = reinterpret_cast<volatile Word*>(byte);
  for (; left >= 4 * sizeof(Word); left -= 4 * sizeof(Word), word += 4) {
    word[0] = 0;
    word[1] = 0;
    word[2] = 0;
    word[3] = 0;
  }
  byte = reinterpret_cast<volatile std::uint8_t*>(word);
  for (; left > 0; --left) *byte++ = 0;
}

void copy_secret(std::span<const std::uint8_t> from, std::span<std::uint8_t> to) noexcept {
  std::memcpy(to.data(), from.data(), from.size());
}

// RFC 7693 3.3: h = IV xor parameters, and the key is the first block. wolfCrypt's own way there clears every byte three times, which on a
// Cortex-M3 takes almost as long as a compression; the tests compare with published values.
void Blake2s::begin(std::span<const std::uint8_t> key) noexcept {
  static_assert(sizeof(::Blake2s) <= kStateBytes && alignof(::Blake2s) <= 16);
  static constexpr std::array<std::uint32_t, 8> kIv{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  erase(state_bytes());
  ::Blake2s* const hash = state_of(state_.data());
  hash->digestSz = kBlake2sBytes;
  auto& state = hash->S[0];
  for (std::size_t i = 0; i < kIv.size(); ++i) state.h[i] = kIv[i];
  state.h[0] ^= static_cast<std::uint32_t>(0x01010000U | key.size() << 8 | kBlake2sBytes);
  if (key.empty()) return;
  std::memcpy(state.buf, key.data(), key.size());
  state.buflen = BLAKE2S_BLOCKBYTES;
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
