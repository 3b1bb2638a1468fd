// SPDX-License-Identifier: GPL-3.0-or-later
// The exchange over a channel whose time passes only when nothing arrives.
#include "exchange.hpp"

#include "messages.hpp"

using namespace test;

namespace {

class ScriptedChannel final : public Channel {
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
  void add(std::int64_t at_ms, const Message& message) { script[count++] = {at_ms, message}; }
  void add(std::int64_t at_ms, int result) { script[count++] = {at_ms, {}, result}; }

  std::array<Event, 8> script{};
  std::size_t count = 0, next = 0;
  std::array<std::int64_t, 8> sent_at{};
  std::size_t requests = 0, empties = 0;
  std::uint8_t last_empty_type = 0;
  int send_result = 0;
  std::int64_t now = 1000;
};

ExchangeResult run(ScriptedChannel& channel, std::span<std::uint8_t> room) {
  return exchange(channel, request(), Retransmission({}, 0), room);
}

struct Fixture {
  ScriptedChannel channel;
  std::array<std::uint8_t, 16 + kAnswerOverhead> room{};
  ExchangeResult run() { return ::run(channel, room); }
};

}  // namespace

ZTEST_SUITE(exchange, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(exchange, test_one_request_one_answer) {
  Fixture f;
  f.channel.add(1100, Message::answer());
  const auto result = f.run();
  zassert_equal(result.result, 0);
  zassert_equal(result.bytes.size(), 16);
  zassert_equal(f.channel.requests, 1);
  zassert_equal(f.channel.empties, 0);
}

ZTEST(exchange, test_silence_is_repeated_four_times_then_a_timeout) {
  Fixture f;
  const auto result = f.run();
  zassert_equal(result.result, failure(DeviceError::timeout));
  zassert_equal(f.channel.requests, 5);
  const std::int64_t expected[] = {1000, 3000, 7000, 15000, 31000};
  for (int i = 0; i < 5; ++i) zassert_equal(f.channel.sent_at[i], expected[i]);
  zassert_equal(f.channel.now, 63000);
}

ZTEST(exchange, test_a_late_answer_to_a_repeated_request_counts) {
  Fixture f;
  f.channel.add(7500, Message::answer());
  zassert_equal(f.run().result, 0);
  zassert_equal(f.channel.requests, 3);
}

ZTEST(exchange, test_an_acknowledged_request_is_not_repeated) {
  Fixture f;
  f.channel.add(1100, Message::bytes({0x60, 0, 0x12, 0x34}));
  f.channel.add(20000, Message::answer().type(kConfirmable).id(5));
  zassert_equal(f.run().result, 0);
  zassert_equal(f.channel.requests, 1);
  zassert_equal(f.channel.empties, 1);
  zassert_equal(f.channel.last_empty_type, 2);
}

ZTEST(exchange, test_an_acknowledgement_without_an_answer_times_out_whatever_is_repeated) {
  Fixture f;
  for (int i = 0; i < 5; ++i) f.channel.add(1100 + 7000 * i, Message::bytes({0x60, 0, 0x12, 0x34}));
  zassert_equal(f.run().result, failure(DeviceError::timeout));
  zassert_equal(f.channel.requests, 1);
  zassert_equal(f.channel.now, 1100 + kSeparateAnswerMs);
}

ZTEST(exchange, test_rubbish_does_not_hide_the_answer) {
  Fixture f;
  f.channel.add(1100, Message::bytes({1, 2, 3}));
  f.channel.add(1200, Message::answer().id(1));
  f.channel.add(1300, failure(DeviceError::invalid_argument));
  f.channel.add(1400, Message::answer());
  zassert_equal(f.run().result, 0);
  zassert_equal(f.channel.requests, 1);
}

ZTEST(exchange, test_nothing_but_rubbish_is_named) {
  Fixture f;
  f.channel.add(1100, Message::bytes({1, 2, 3}));
  zassert_equal(f.run().result, failure(DeviceError::bad_answer));
  Fixture too_large;
  too_large.channel.add(1100, failure(DeviceError::invalid_argument));
  zassert_equal(too_large.run().result, failure(DeviceError::bad_answer));
}

ZTEST(exchange, test_a_stranger_is_reset_and_changes_nothing) {
  Fixture f;
  auto stranger = Message::answer().type(kConfirmable).id(9);
  stranger.data[4] ^= 1;
  f.channel.add(1100, stranger);
  f.channel.add(1200, Message::answer());
  zassert_equal(f.run().result, 0);
  zassert_equal(f.channel.empties, 1);
  zassert_equal(f.channel.last_empty_type, 3);
}

ZTEST(exchange, test_refusals_end_it_with_what_the_server_asked) {
  Fixture f;
  f.channel.add(1100, Message::header(0xa3).option(14, {7}));
  const auto result = f.run();
  zassert_equal(result.result, failure(DeviceError::server_unready));
  zassert_equal(result.code, 0xa3);
  zassert_equal(result.retry_after_s, 7);
  zassert_true(result.bytes.empty());
}

ZTEST(exchange, test_wrong_answers_end_it) {
  Fixture f;
  f.channel.add(1100, Message::answer(15));
  f.channel.add(1200, Message::answer());
  zassert_equal(f.run().result, failure(DeviceError::short_answer));
}

ZTEST(exchange, test_failures_of_the_channel_come_through) {
  Fixture closed;
  closed.channel.add(1100, failure(DeviceError::closed));
  zassert_equal(closed.run().result, failure(DeviceError::closed));
  Fixture down;
  down.channel.send_result = failure(DeviceError::network);
  zassert_equal(down.run().result, failure(DeviceError::network));
}
