// SPDX-License-Identifier: GPL-3.0-or-later
// A link whose time passes only when nothing arrives, and whose far end follows a script.
#pragma once

#include "fetch.hpp"
#include "messages.hpp"

namespace test {

class ScriptedLink : public Link {
 public:
  struct Event {
    std::int64_t at_ms = 0;
    Message message{};
    int result = 0;  // if not 0: what receive gives instead
  };

  int send(std::span<const std::uint8_t> message) override {
    if (send_result != 0) return send_result;
    if (message.size() == kEmptyMessageBytes) {
      last_empty_type = message[0] >> 4 & 3;
      ++empties;
    } else {
      sent_at[requests++] = now;
    }
    return 0;
  }
  int receive(std::span<std::uint8_t> room, std::int64_t until_ms) override {
    if (next == count || script[next].at_ms > until_ms) {
      now = until_ms;
      return failure(DeviceError::timeout);
    }
    const auto& event = script[next++];
    now = event.at_ms > now ? event.at_ms : now;
    if (event.result != 0) return event.result;
    if (event.message.size > room.size()) return failure(DeviceError::invalid_argument);
    std::copy_n(event.message.data.begin(), event.message.size, room.begin());
    return static_cast<int>(event.message.size);
  }
  std::int64_t now_ms() override { return now; }

  int open(std::size_t index, const ServerAddress&) override {
    ++opens;
    if (open_result != 0) return open_result;
    opened = static_cast<int>(index);
    return 0;
  }
  bool is_open(std::size_t index) const override { return opened == static_cast<int>(index); }
  bool move() override {
    ++moves;
    return can_move;
  }
  void close(bool politely) override {
    polite = politely;
    opened = -1;
  }
  void give_up() override {
    ++given_up;
    close(false);
  }
  void forget() override { close(true); }

  void add(std::int64_t at_ms, const Message& message) { script[count++] = {at_ms, message, 0}; }
  void add(std::int64_t at_ms, int result) { script[count++] = {at_ms, {}, result}; }

  std::array<Event, 8> script{};
  std::size_t count = 0, next = 0;
  std::array<std::int64_t, 12> sent_at{};
  std::size_t requests = 0, empties = 0;
  std::uint8_t last_empty_type = 0;
  int send_result = 0, open_result = 0;
  int opened = -1, opens = 0, moves = 0, given_up = 0;
  bool can_move = false, polite = false;
  std::int64_t now = 1000;
};

}  // namespace test
