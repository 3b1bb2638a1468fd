// SPDX-License-Identifier: GPL-3.0-or-later
#include <zephyr/ztest.h>

#include <algorithm>
#include <cstring>

#include "answer.hpp"
#include "messages.hpp"

using namespace qeaas::device;
using namespace test;

ZTEST_SUITE(answer, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(answer, test_the_request_is_this_very_message) {
  std::array<std::uint8_t, kLongestRequest> out;
  const std::uint8_t expected[] = {0x48, 0x01, 0x12, 0x34, 1,   2,   3,   4,    5,   6,   7,   8,   0xb6, 'r', 'a', 'n',  'd',
                                   'o',  'm',  0x44, 'n',  '=', '1', '6', 0x07, 't', '=', 'm', 'i', 'x',  'e', 'd', 0x21, 42};
  const auto size = write_request(request(), out);
  zassert_equal(size, sizeof expected);
  zassert_mem_equal(out.data(), expected, sizeof expected);
}

ZTEST(answer, test_the_longest_request_fits_and_impossible_ones_are_refused) {
  std::array<std::uint8_t, kLongestRequest> out;
  auto asked = request();
  asked.bytes = kMostBytes;
  asked.type = EntropyType::direct;
  zassert_true(write_request(asked, out) > 0);
  zassert_equal(write_request(asked, std::span(out).first(20)), failure(DeviceError::invalid_argument));
  asked.bytes = 0;
  zassert_equal(write_request(asked, out), failure(DeviceError::invalid_argument));
  asked.bytes = kMostBytes + 1;
  zassert_equal(write_request(asked, out), failure(DeviceError::invalid_argument));
}

ZTEST(answer, test_a_piggybacked_answer) {
  auto message = Message::answer();
  const auto answer = message.judged();
  zassert_equal(answer.verdict, Verdict::answered);
  zassert_equal(answer.bytes.size(), 16);
  zassert_equal(answer.bytes[15], 15);
  zassert_false(answer.confirm);
  zassert_false(answer.reset);
}

ZTEST(answer, test_separate_answers) {
  auto confirmable = Message::answer().type(kConfirmable).id(0x9999);
  auto answer = confirmable.judged();
  zassert_equal(answer.verdict, Verdict::answered);
  zassert_true(answer.confirm);
  zassert_equal(answer.id, 0x9999);
  auto silent = Message::answer().type(kNonConfirmable).id(0x9999);
  answer = silent.judged();
  zassert_equal(answer.verdict, Verdict::answered);
  zassert_false(answer.confirm);
}

ZTEST(answer, test_length_must_be_what_was_asked) {
  for (const std::size_t size : {0, 1, 15}) {
    auto message = Message::answer(size);
    expect_failed(message, DeviceError::short_answer);
  }
  auto longer = Message::answer(17);
  expect_failed(longer, DeviceError::bad_answer);
}

ZTEST(answer, test_content_format_must_be_octets_once) {
  auto json = Message::header(kContent).option(12, {50}).payload(16);
  expect_failed(json, DeviceError::wrong_format);
  auto none = Message::header(kContent).payload(16);
  expect_failed(none, DeviceError::wrong_format);
  auto text = Message::header(kContent).option(12, {}).payload(16);
  expect_failed(text, DeviceError::wrong_format);
  auto long_zero = Message::header(kContent).option(12, {0, 0, 0, 0, 42}).payload(16);
  expect_failed(long_zero, DeviceError::wrong_format);
  auto twice = Message::header(kContent).option(12, {42}).option(12, {42}).payload(16);
  expect_failed(twice, DeviceError::bad_answer);
}

ZTEST(answer, test_only_2_05_is_an_answer) {
  for (const std::uint8_t code : {0x41, 0x42, 0x43, 0x44, 0x5f, 0x46, 0x7f, 0xff}) {
    auto message = Message::header(code).option(12, {42}).payload(16);
    expect_failed(message, DeviceError::bad_answer);
  }
}

ZTEST(answer, test_blocks_are_not_taken_for_a_whole) {
  auto first_of_many = Message::header(kContent).option(12, {42}).option(23, {0x08}).payload(16);
  expect_failed(first_of_many, DeviceError::bad_answer);
  auto second = Message::header(kContent).option(12, {42}).option(23, {0x10}).payload(16);
  expect_failed(second, DeviceError::bad_answer);
  auto only = Message::header(kContent).option(12, {42}).option(23, {0x06}).payload(16);
  zassert_equal(only.judged().verdict, Verdict::answered);
}

ZTEST(answer, test_options_critical_elective_and_too_many) {
  auto elective = Message::header(kContent).option(4, {1, 2}).option(12, {42}).option(14, {}).option(28, {16}).payload(16);
  zassert_equal(elective.judged().verdict, Verdict::answered);
  auto critical = Message::header(kContent).option(9, {1}).option(12, {42}).payload(16);
  expect_failed(critical, DeviceError::bad_answer);
  auto many = Message::header(kContent).option(12, {42});
  for (int i = 0; i < 12; ++i) many.option(14, {});
  many.payload(16);
  expect_failed(many, DeviceError::bad_answer);
}

ZTEST(answer, test_another_token_or_id_is_not_ours) {
  auto token = Message::answer();
  token.data[5] ^= 1;
  expect_ignored(token);
  auto id = Message::answer().id(0x1235);
  expect_ignored(id);
  auto short_token = Message::bytes({0x67, kContent, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 0xc1, 42, 0xff, 1});
  expect_ignored(short_token);
  auto confirmable = Message::answer().type(kConfirmable).id(7);
  confirmable.data[4] ^= 1;
  const auto answer = confirmable.judged();
  zassert_equal(answer.verdict, Verdict::ignored);
  zassert_true(answer.reset);
  zassert_false(answer.confirm);
  zassert_equal(answer.id, 7);
}

ZTEST(answer, test_rubbish_is_ignored_and_remembered) {
  const std::initializer_list<std::uint8_t> rubbish[] = {{},
                                                         {0x68},
                                                         {0x68, 0x45, 0x12},
                                                         {0x6f, 0x45, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                                         {0x68, 0x45, 0x12, 0x34, 1, 2, 3},
                                                         {0x68, 0x45, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 0xff},
                                                         {0x68, 0x45, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 0xc5, 1},
                                                         {0x68, 0x45, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 0xf1, 1},
                                                         {0x28, 0x45, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 0xc1, 42, 0xff, 1}};
  for (const auto& bytes : rubbish) {
    auto message = Message::bytes(bytes);
    const auto answer = message.judged();
    zassert_equal(answer.verdict, Verdict::ignored);
    zassert_equal(answer.error, DeviceError::bad_answer);
  }
}

ZTEST(answer, test_every_truncation_of_an_answer_is_harmless) {
  const auto whole = Message::answer();
  for (std::size_t size = 0; size < whole.size; ++size) {
    auto part = whole;
    part.size = size;
    zassert_not_equal(part.judged().verdict, Verdict::answered);
  }
}

ZTEST(answer, test_requests_and_resets_with_codes_are_no_answers) {
  auto get = Message::header(0x01).payload(16);
  expect_ignored(get);
  auto reset = Message::answer().type(kReset);
  expect_ignored(reset);
}

ZTEST(answer, test_empty_messages) {
  auto acknowledged = Message::bytes({0x60, 0, 0x12, 0x34});
  zassert_equal(acknowledged.judged().verdict, Verdict::acknowledged);
  auto somebody_elses = Message::bytes({0x60, 0, 0x12, 0x35});
  zassert_equal(somebody_elses.judged().verdict, Verdict::ignored);
  auto reset = Message::bytes({0x70, 0, 0x12, 0x34});
  expect_failed(reset, DeviceError::denied);
  auto ping = Message::bytes({0x40, 0, 0x77, 0x77});
  const auto answer = ping.judged();
  zassert_equal(answer.verdict, Verdict::ignored);
  zassert_true(answer.reset);
  zassert_equal(answer.id, 0x7777);
  auto with_token = Message::bytes({0x61, 0, 0x12, 0x34, 9});
  expect_ignored(with_token);
}

ZTEST(answer, test_refusals_and_when_to_return) {
  struct {
    std::uint8_t code;
    DeviceError error;
    std::uint32_t retry_after_s;
  } const cases[] = {{0x80, DeviceError::denied, 0},           {0x81, DeviceError::denied, 0},
                     {0x9d, DeviceError::denied, 300},         {0xa0, DeviceError::server_failed, 0},
                     {0xa3, DeviceError::server_unready, 300}, {0xa5, DeviceError::server_failed, 0}};
  for (const auto& one : cases) {
    auto message = Message::header(one.code).option(14, {0x01, 0x2c}).payload(16);
    const auto answer = message.judged();
    zassert_equal(answer.verdict, Verdict::failed);
    zassert_equal(answer.error, one.error);
    zassert_equal(answer.code, one.code);
    zassert_equal(answer.retry_after_s, one.retry_after_s);
    zassert_true(answer.bytes.empty());
  }
  auto without = Message::header(0xa3);
  zassert_equal(without.judged().retry_after_s, kDefaultMaxAge);
  auto at_once = Message::header(0xa3).option(14, {});
  zassert_equal(at_once.judged().retry_after_s, 0);
  auto largest = Message::header(0xa3).option(14, {0xff, 0xff, 0xff, 0xff});
  zassert_equal(largest.judged().retry_after_s, UINT32_MAX);
}

ZTEST(answer, test_replies) {
  std::array<std::uint8_t, kEmptyMessageBytes> out;
  write_empty(false, 0x1234, out);
  const std::uint8_t acknowledgement[] = {0x60, 0, 0x12, 0x34};
  zassert_mem_equal(out.data(), acknowledgement, out.size());
  write_empty(true, 0x1234, out);
  const std::uint8_t reset[] = {0x70, 0, 0x12, 0x34};
  zassert_mem_equal(out.data(), reset, out.size());
}
