// SPDX-License-Identifier: GPL-3.0-or-later
// CoAP messages for the tests, byte by byte from RFC 7252, so that they share no mistake with the library.
#pragma once

#include <zephyr/ztest.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "answer.hpp"

namespace test {

using namespace qeaas::device;

inline constexpr std::uint8_t kContent = 0x45;
inline constexpr std::uint8_t kConfirmable = 0;
inline constexpr std::uint8_t kNonConfirmable = 1;
inline constexpr std::uint8_t kReset = 3;

inline Request request() { return {.id = 0x1234, .token = {1, 2, 3, 4, 5, 6, 7, 8}, .bytes = 16, .type = EntropyType::mixed}; }

struct Message {
  std::array<std::uint8_t, 128> data{};
  std::size_t size = 0;
  std::uint16_t last_option = 0;

  static Message bytes(std::initializer_list<std::uint8_t> from) {
    Message made;
    for (const auto byte : from) made.push(byte);
    return made;
  }
  // header is that of an acknowledgement of request() with a code.
  static Message header(std::uint8_t code) { return bytes({0x68, code, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8}); }
  static Message answer(std::size_t count = 16) { return header(kContent).option(12, {42}).payload(count); }

  void push(std::uint8_t byte) { data[size++] = byte; }
  Message& option(std::uint16_t number, std::initializer_list<std::uint8_t> value) {
    const auto delta = number - last_option;
    last_option = number;
    push(static_cast<std::uint8_t>((delta < 13 ? delta : 13) << 4 | value.size()));
    if (delta >= 13) push(static_cast<std::uint8_t>(delta - 13));
    for (const auto byte : value) push(byte);
    return *this;
  }
  Message& payload(std::size_t count) {
    if (count != 0) push(0xff);
    for (std::size_t i = 0; i < count; ++i) push(static_cast<std::uint8_t>(i));
    return *this;
  }
  Message& type(std::uint8_t type) {
    data[0] = static_cast<std::uint8_t>((data[0] & 0xcf) | type << 4);
    return *this;
  }
  Message& id(std::uint16_t id) {
    data[2] = static_cast<std::uint8_t>(id >> 8);
    data[3] = static_cast<std::uint8_t>(id);
    return *this;
  }
  Answer judged() { return judge(request(), std::span(data).first(size)); }
};

inline void expect_failed(Message& message, DeviceError error) {
  const auto answer = message.judged();
  zassert_equal(answer.verdict, Verdict::failed);
  zassert_equal(answer.error, error);
  zassert_true(answer.bytes.empty());
}

inline void expect_ignored(Message& message) {
  const auto answer = message.judged();
  zassert_equal(answer.verdict, Verdict::ignored);
  zassert_equal(answer.error, DeviceError::bad_answer);
}

}  // namespace test
