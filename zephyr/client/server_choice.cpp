// SPDX-License-Identifier: GPL-3.0-or-later
#include "server_choice.hpp"

#include <algorithm>

namespace qeaas::device {

ServerChoice::ServerChoice(std::size_t count, const BackOffPolicy& policy) noexcept : count_(std::min(count, kMaxServers)) {
  for (auto& state : states_) state.back_off = BackOff(policy);
}

std::optional<std::size_t> ServerChoice::pick(std::int64_t now_ms, std::size_t from) const noexcept {
  for (auto index = from; index < count_; ++index) {
    if (states_[index].ready_ms() <= now_ms) return index;
  }
  return std::nullopt;
}

std::int64_t ServerChoice::ready_ms(std::size_t need, std::int64_t now_ms) const noexcept {
  if (count_ == 0 || need == 0) return now_ms;
  std::array<std::int64_t, kMaxServers> times{};
  for (std::size_t index = 0; index < count_; ++index) times[index] = states_[index].ready_ms();
  std::sort(times.begin(), times.begin() + count_);
  return std::max(times[std::min(need, count_) - 1], now_ms);
}

void ServerChoice::succeeded(std::size_t index) noexcept {
  states_[index].back_off.reset();
  states_[index].rests_until_ms = 0;
  states_[index].asked_until_ms = 0;
}

void ServerChoice::failed(std::size_t index, std::int64_t now_ms, std::uint32_t retry_after_s, std::uint32_t random) noexcept {
  auto& state = states_[index];
  const auto wait_ms = state.back_off.next_ms(random);
  const auto asked_ms = std::int64_t{1000} * std::min(retry_after_s, kLongestRetryAfterSeconds);
  state.asked_until_ms = retry_after_s == 0 ? 0 : now_ms + asked_ms;
  // Everybody whom it sent away was told the same time: the wait is added, so that they do not return at once.
  state.rests_until_ms = now_ms + asked_ms + wait_ms;
}

void ServerChoice::forgive() noexcept {
  for (auto& state : states_) {
    state.back_off.reset();
    state.rests_until_ms = 0;
  }
}

}  // namespace qeaas::device
