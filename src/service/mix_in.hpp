// SPDX-License-Identifier: GPL-3.0-or-later
// MixIn: bytes from outside that anybody on this machine may add, and that are credited nothing. They become additional input
// (SP 800-90A 9.3) of the operating system's half of `mixed` and of the Seeder's DRBG, which additional input cannot make worse. Direct
// blocks and type drbg never see them. A mailbox without locks: any thread adds, every DRBG's owner reads for itself.
#pragma once

#include <array>
#include <atomic>

#include "base/secret.hpp"

namespace qeaas {

class MixIn {
 public:
  static constexpr std::size_t kBytes = 32;

  MixIn() noexcept = default;
  MixIn(const MixIn&) = delete;
  MixIn& operator=(const MixIn&) = delete;
  ~MixIn();

  // add XORs SHA-256(tag, number of this call, bytes) onto the pool. The number keeps one who repeats what somebody else has sent from
  // cancelling it; and who does not know what is in the pool cannot aim at what comes out.
  void add(Bytes outside) noexcept;
  // read copies the pool when something was added since the reader's last look, which seen remembers (0 at first). False: nothing new.
  // An add at the same time may show in part; the next read then shows all of it.
  bool read(std::uint64_t& seen, std::span<std::uint8_t, kBytes> pool) const noexcept;

 private:
  std::array<std::atomic<std::uint64_t>, kBytes / 8> pool_{};
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> added_{0};  // calls whose bytes are in the pool
};

}  // namespace qeaas
