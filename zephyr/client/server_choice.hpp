// SPDX-License-Identifier: GPL-3.0-or-later
// Which server to ask next, and when. The first of the list that may be asked is asked; one that failed rests for its back-off, and at
// least as long as it asked for itself (Max-Age of 5.03 and 4.29). Pure: time is the caller's, in milliseconds since boot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "back_off.hpp"
#include "server_list.hpp"

namespace qeaas::device {

// A server that says "come back in a year" would otherwise have switched the device off.
inline constexpr std::uint32_t kLongestRetryAfterSeconds = 86400;

class ServerChoice {
 public:
  ServerChoice() = default;
  ServerChoice(std::size_t count, const BackOffPolicy& policy) noexcept;

  std::size_t count() const noexcept { return count_; }
  // pick is the first server that may be asked now and is not below from; none if all rest.
  std::optional<std::size_t> pick(std::int64_t now_ms, std::size_t from = 0) const noexcept;
  // ready_ms is when so many of the servers may be asked (all of them, if there are fewer); now_ms when they may be already, or when there
  // is none at all.
  std::int64_t ready_ms(std::size_t need, std::int64_t now_ms) const noexcept;

  void succeeded(std::size_t index) noexcept;
  // failed lets the server rest. retry_after_s: what it asked for, 0 if it asked for nothing; clipped to a day. random: 32 uniform bits.
  void failed(std::size_t index, std::int64_t now_ms, std::uint32_t retry_after_s, std::uint32_t random) noexcept;
  // forgive ends the back-offs (the network came back, or a person asks); what a server asked for itself stays.
  void forgive() noexcept;
  std::uint32_t failures(std::size_t index) const noexcept { return states_[index].back_off.failures(); }

 private:
  struct State {
    BackOff back_off;
    std::int64_t rests_until_ms = 0;
    std::int64_t asked_until_ms = 0;
    std::int64_t ready_ms() const noexcept { return rests_until_ms > asked_until_ms ? rests_until_ms : asked_until_ms; }
  };
  std::array<State, kMaxServers> states_{};
  std::size_t count_ = 0;
};

}  // namespace qeaas::device
