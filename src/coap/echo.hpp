// SPDX-License-Identifier: GPL-3.0-or-later
// EchoGuard: proof that a plain peer receives at the address that it sends from (RFC 9175 2.4), against amplification. A challenge is
// a time and a truncated HMAC over it and the address (RFC 9175 appendix A.2): nothing is kept for an address that has not answered.
// The key is replaced by its own hash every so often, so that an old key cannot be recovered. One thread; allocates nothing later.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "coap/answer.hpp"
#include "coap/peer.hpp"

namespace qeaas::coap {

inline constexpr std::chrono::seconds kEchoFreshness{60};
inline constexpr std::chrono::minutes kEchoKeyLifetime{10};
inline constexpr std::chrono::minutes kAddressLifetime{10};  // after a proof
// An answer of this size needs no proof: with headers it is at most three times the smallest request (RFC 9175 2.4).
inline constexpr std::size_t kUnverifiedAnswerBytes = 136;
inline constexpr std::size_t kAmplificationFactor = 3;

class EchoGuard {
 public:
  EchoGuard(Secret<32> key, std::size_t addresses);

  std::array<std::uint8_t, kEchoBytes> challenge(Bytes address, TimePoint now) noexcept;
  // accept checks an Echo value and remembers the address when it is ours, of this address and fresh.
  bool accept(Bytes address, Bytes echo, TimePoint now) noexcept;
  bool verified(Bytes address, TimePoint now) const noexcept;

 private:
  static constexpr std::size_t kWays = 4;
  struct Known {
    std::array<std::uint8_t, kMaxAddressBytes> address{};
    std::uint8_t size = 0;  // 0: free
    TimePoint until{};
  };

  void turn_keys(TimePoint now) noexcept;
  std::size_t first_way(Bytes address) const noexcept;
  void remember(Bytes address, TimePoint now) noexcept;

  Secret<32> key_;
  Secret<32> previous_key_;  // never all zeros: before the first turn it is a hash of the first key
  TimePoint turned_at_{};
  bool started_ = false;
  std::vector<Known> known_;  // sets of kWays
};

}  // namespace qeaas::coap
