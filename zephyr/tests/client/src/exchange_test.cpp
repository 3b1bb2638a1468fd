// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.hpp"

#include "scripted_link.hpp"

using namespace test;

namespace {

ExchangeResult run(ScriptedLink& channel, std::span<std::uint8_t> room) {
  return exchange(channel, request(), Retransmission({}, 0), room);
}

struct Fixture {
  ScriptedLink channel;
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
