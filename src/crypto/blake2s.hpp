// SPDX-License-Identifier: GPL-3.0-or-later
// BLAKE2s-256 (RFC 7693) over wolfCrypt, keyed or not. For firmware too: no heap, no exceptions, no RTTI, nothing of the standard
// library but spans and arrays. The state and its block buffer are wiped when it ends or is set up anew, and the stack after each use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace qeaas {

inline constexpr std::size_t kBlake2sBytes = 32;

// erase overwrites memory in a way that the optimiser must keep. base/secret.hpp's wipe needs a call that not every C library has.
void erase(std::span<std::uint8_t> memory) noexcept;
// copy_secret copies bytes, as many bytes as from has. A call and not inlined, so that no part of it stays in a register that the next
// function saves on the stack. They do not overlap.
void copy_secret(std::span<const std::uint8_t> from, std::span<std::uint8_t> to) noexcept;

class Blake2s {
 public:
  Blake2s() noexcept { begin({}); }
  explicit Blake2s(std::span<const std::uint8_t> key) noexcept { begin(key); }
  ~Blake2s() { erase(state_bytes()); }
  Blake2s(const Blake2s&) = delete;
  Blake2s& operator=(const Blake2s&) = delete;

  // begin forgets everything and starts a new message; key is 0 to 32 bytes, not more.
  void begin(std::span<const std::uint8_t> key) noexcept;
  Blake2s& update(std::span<const std::uint8_t> data) noexcept;
  // finish writes the digest and leaves the object wiped; begin makes it usable again.
  void finish(std::span<std::uint8_t, kBlake2sBytes> digest) noexcept;

 private:
  static constexpr std::size_t kStateBytes = 192;
  std::span<std::uint8_t> state_bytes() noexcept { return state_; }
  alignas(16) std::array<std::uint8_t, kStateBytes> state_;  // wolfCrypt's Blake2s; its header stays inside crypto/
};

}  // namespace qeaas
