// SPDX-License-Identifier: GPL-3.0-or-later
// When to try again: BackOff after a server failed, Retransmission within one exchange (RFC 7252 4.2). Pure: the caller brings the chance
// and the clock. A fleet that lost its server together must not come back together, so every wait carries chance.
#pragma once

#include <cstdint>

namespace qeaas::device {

struct BackOffPolicy {
  std::uint32_t first_ms = 1000;
  std::uint32_t longest_ms = 900000;
};

class BackOff {
 public:
  constexpr BackOff() noexcept = default;
  constexpr explicit BackOff(const BackOffPolicy& policy) noexcept : policy_(policy) {}

  // next_ms is the wait after one more failure: the step doubles from first_ms to longest_ms; half of it is fixed, half by chance.
  // random: 32 uniform bits.
  std::uint32_t next_ms(std::uint32_t random) noexcept;
  void reset() noexcept { failures_ = 0; }
  std::uint32_t failures() const noexcept { return failures_; }  // in a row; saturates

 private:
  BackOffPolicy policy_{};
  std::uint32_t failures_ = 0;
};

struct RetransmissionPolicy {
  std::uint32_t ack_timeout_ms = 2000;
  std::uint16_t random_percent = 150;  // ACK_RANDOM_FACTOR
  std::uint8_t repetitions = 4;        // MAX_RETRANSMIT
};

class Retransmission {
 public:
  // random: 32 uniform bits; they place the first time-out between ack_timeout and ack_timeout * random_percent / 100.
  Retransmission(const RetransmissionPolicy& policy, std::uint32_t random) noexcept;

  std::uint32_t timeout_ms() const noexcept { return timeout_ms_; }  // how long to wait after the present sending
  // again says whether the message may be sent once more; then the time-out has doubled.
  bool again() noexcept;

 private:
  std::uint32_t timeout_ms_;
  std::uint8_t left_;
};

}  // namespace qeaas::device
