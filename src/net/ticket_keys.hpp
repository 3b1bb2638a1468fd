// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that protect session tickets (RFC 8446 4.6.1), shared by every worker so that any of them can resume a session. A ticket
// carries the identity of the client that authenticated when it was issued, encrypted with the rest. It opens on its own transport
// only: the other one may ask clients for another proof. Keys rotate; one that has stopped sealing still opens until the last ticket
// it sealed has expired. Thread-safe; used in handshakes only.
#pragma once

#include <array>
#include <deque>
#include <mutex>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "crypto/aead.hpp"
#include "net/transport.hpp"

namespace qeaas {

class TicketKeys {
 public:
  static constexpr std::size_t kNameBytes = 16;
  static constexpr std::size_t kNonceFieldBytes = 16;
  static constexpr std::size_t kMacFieldBytes = 32;
  static constexpr std::size_t kMaxTicketBytes = 1024;

  TicketKeys(Clock::duration rotation, Clock::duration lifetime) noexcept : rotation_(rotation), lifetime_(lifetime) {}

  struct Fields {
    std::span<std::uint8_t, kNameBytes> name;
    std::span<std::uint8_t, kNonceFieldBytes> nonce;
    std::span<std::uint8_t, kMacFieldBytes> mac;
  };
  // seal encrypts ticket in place and fills the fields. Errors: too_large, crypto (also when no key could be made).
  Status seal(Transport transport, std::uint64_t identity, Fields fields, MutableBytes ticket, TimePoint now) noexcept;
  // open decrypts ticket in place and gives the identity. Errors: not_found (key unknown or expired),
  // tampered (also a ticket of the other transport), too_large.
  Result<std::uint64_t> open(Transport transport, Fields fields, MutableBytes ticket, TimePoint now) noexcept;
  Clock::duration lifetime() const noexcept { return lifetime_; }

 private:
  struct Key {
    std::array<std::uint8_t, kNameBytes> name;
    Secret<kAeadKeyBytes> secret;
    std::array<std::uint8_t, 4> nonce_prefix;
    std::uint64_t sealed = 0;  // with the prefix this is the nonce: it never repeats under one key
    TimePoint born;
  };
  Result<Key*> current(TimePoint now) noexcept;
  void drop_expired(TimePoint now) noexcept;

  std::mutex mutex_;
  std::deque<Key> keys_;  // newest first
  Clock::duration rotation_;
  Clock::duration lifetime_;
};

}  // namespace qeaas
