// SPDX-License-Identifier: GPL-3.0-or-later
#include "back_off.hpp"

#include <limits>

namespace qeaas::device {
namespace {

// part is the share random / 2^32 of the range 0 to most, both included.
std::uint32_t part(std::uint32_t most, std::uint32_t random) noexcept {
  return static_cast<std::uint32_t>((std::uint64_t{random} * (std::uint64_t{most} + 1)) >> 32);
}

std::uint32_t doubled(std::uint32_t value, std::uint32_t most) noexcept { return value > most / 2 ? most : 2 * value; }

}  // namespace

std::uint32_t BackOff::next_ms(std::uint32_t random) noexcept {
  auto step = policy_.first_ms < policy_.longest_ms ? policy_.first_ms : policy_.longest_ms;
  for (std::uint32_t i = 0; i < failures_ && step < policy_.longest_ms; ++i) step = doubled(step, policy_.longest_ms);
  if (failures_ < std::numeric_limits<std::uint32_t>::max()) ++failures_;
  const auto fixed = step - step / 2;
  return fixed + part(step / 2, random);
}

Retransmission::Retransmission(const RetransmissionPolicy& policy, std::uint32_t random) noexcept
    : timeout_ms_(policy.ack_timeout_ms), left_(policy.repetitions) {
  if (policy.random_percent <= 100) return;
  const auto spread = std::uint64_t{policy.ack_timeout_ms} * (policy.random_percent - 100U) / 100U;
  timeout_ms_ += part(static_cast<std::uint32_t>(spread), random);
}

bool Retransmission::again() noexcept {
  if (left_ == 0) return false;
  --left_;
  timeout_ms_ = doubled(timeout_ms_, std::numeric_limits<std::uint32_t>::max());
  return true;
}

}  // namespace qeaas::device
