// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.hpp"

namespace qeaas::device {
namespace {

class Exchange {
 public:
  Exchange(Channel& channel, const Request& request, Retransmission timing, std::span<std::uint8_t> room)
      : channel_(channel), request_(request), timing_(timing), room_(room) {}

  ExchangeResult run() {
    while (true) {
      if (const auto sent = send_request(); sent != 0) return fault(sent);
      if (listen(channel_.now_ms() + timing_.timeout_ms())) return result_;
      if (!timing_.again()) return fault(silence_);
    }
  }

 private:
  static ExchangeResult fault(int result) { return {.result = result}; }

  int send_request() {
    std::array<std::uint8_t, kLongestRequest> message;
    const auto size = write_request(request_, message);
    return size < 0 ? size : channel_.send(std::span<const std::uint8_t>(message).first(static_cast<std::size_t>(size)));
  }

  // listen gives true when the exchange is over. What is wrong with the messages that it passes over is what a person wants to know when
  // nothing better comes.
  bool listen(std::int64_t until_ms) {
    while (true) {
      const auto size = channel_.receive(room_, until_ms);
      if (size == failure(DeviceError::timeout)) return over(separate_, silence_);
      if (size == failure(DeviceError::invalid_argument)) {  // larger than any answer to this request
        silence_ = failure(DeviceError::bad_answer);
        continue;
      }
      if (size < 0) return over(true, size);
      const auto answer = judge(request_, room_.first(static_cast<std::size_t>(size)));
      reply(answer);
      if (take(answer)) return true;
      if (answer.verdict == Verdict::acknowledged && !separate_) {
        separate_ = true;
        until_ms = channel_.now_ms() + kSeparateAnswerMs;
      }
    }
  }

  bool over(bool yes, int result) {
    result_ = fault(result);
    return yes;
  }

  bool take(const Answer& answer) {
    if (answer.verdict == Verdict::answered) {
      result_ = {.result = 0, .code = answer.code, .bytes = answer.bytes};
      return true;
    }
    if (answer.verdict == Verdict::failed) {
      result_ = {.result = failure(answer.error), .code = answer.code, .retry_after_s = answer.retry_after_s};
      return true;
    }
    if (answer.error != DeviceError{}) silence_ = failure(answer.error);
    return false;
  }

  // A reply that is lost is asked for again by the server's own repetition, so its failure changes nothing here.
  void reply(const Answer& answer) {
    if (!answer.confirm && !answer.reset) return;
    std::array<std::uint8_t, kEmptyMessageBytes> message;
    write_empty(answer.reset, answer.id, message);
    (void)channel_.send(message);
  }

  Channel& channel_;
  const Request& request_;
  Retransmission timing_;
  std::span<std::uint8_t> room_;
  bool separate_ = false;
  int silence_ = failure(DeviceError::timeout);
  ExchangeResult result_;
};

}  // namespace

ExchangeResult exchange(Channel& channel, const Request& request, Retransmission timing, std::span<std::uint8_t> room) {
  return Exchange(channel, request, timing, room).run();
}

}  // namespace qeaas::device
