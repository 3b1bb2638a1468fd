// SPDX-License-Identifier: GPL-3.0-or-later
// One exchange with one server: send, wait, repeat (RFC 7252 4.2), judge. It knows neither DTLS nor clocks: Channel brings both, so that
// tests need no time.
#pragma once

#include "answer.hpp"
#include "back_off.hpp"

namespace qeaas::device {

class Channel {
 public:
  // send gives 0 or a DeviceError.
  virtual int send(std::span<const std::uint8_t> message) = 0;
  // receive waits for one message until until_ms. Its size, or a DeviceError; timeout when nothing came.
  virtual int receive(std::span<std::uint8_t> room, std::int64_t until_ms) = 0;
  virtual std::int64_t now_ms() = 0;  // monotonic

 protected:
  ~Channel() = default;
};

struct ExchangeResult {
  int result = 0;                         // 0, or a DeviceError
  std::uint8_t code = 0;                  // of the server's refusal; 0: it did not answer
  std::uint32_t retry_after_s = 0;        // at least this long, says the server; 0: it says nothing
  std::span<const std::uint8_t> bytes{};  // inside room
};

// How long an answer may take that the server acknowledged first.
inline constexpr std::uint32_t kSeparateAnswerMs = 30000;

// exchange makes the request over an open channel. room takes one datagram: the request's bytes and kAnswerOverhead. What was in it that
// is not given back is the caller's to wipe.
ExchangeResult exchange(Channel& channel, const Request& request, Retransmission timing, std::span<std::uint8_t> room);

}  // namespace qeaas::device
