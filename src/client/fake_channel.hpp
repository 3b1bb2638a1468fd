// SPDX-License-Identifier: GPL-3.0-or-later
// For tests: a channel to a server of the test's own making, with a clock that moves only when the client waits.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "client/coap_client.hpp"

namespace qeaas::test {

using Message = std::vector<std::uint8_t>;

class FakeChannel : public Channel {
 public:
  // Server gets every message that the client sends; it answers with deliver.
  using Server = std::function<void(FakeChannel&, const coap::MessageView&)>;
  // The clock outlives the channel, so that a client may ask for the time between two of them.
  explicit FakeChannel(Server on_message, std::shared_ptr<TimePoint> clock = std::make_shared<TimePoint>(1000s))
      : now(*clock), server_(std::move(on_message)), clock_(std::move(clock)) {}

  Status send(Bytes message) override {
    if (send_error) return fail(*send_error);
    sent.emplace_back(message.begin(), message.end());
    if (const auto parsed = coap::parse(sent.back())) server_(*this, *parsed);
    return {};
  }
  Result<std::size_t> receive(MutableBytes room, TimePoint deadline) override {
    if (receive_error) return fail(*receive_error);
    if (arriving_.empty() || arriving_.begin()->first > deadline) {
      now = deadline;
      return fail(Error::timeout);
    }
    const auto message = arriving_.begin()->second;
    now = std::max(now, arriving_.begin()->first);
    arriving_.erase(arriving_.begin());
    if (message.size() > room.size()) return fail(Error::too_large);
    std::copy(message.begin(), message.end(), room.begin());
    return message.size();
  }
  std::size_t max_payload() const noexcept override { return max_payload_bytes; }
  const DtlsReport* report() const noexcept override { return dtls ? &*dtls : nullptr; }
  SessionTicket ticket() const override { return nullptr; }
  const Address& server() const noexcept override { return address_; }
  Status rebind() override {
    if (rebind_error) return fail(*rebind_error);
    ++rebinds;
    return {};
  }

  void deliver(Message message, Clock::duration after = 1ms) { arriving_.emplace(now + after, std::move(message)); }

  TimePoint& now;
  std::vector<Message> sent;
  std::optional<Error> send_error;
  std::optional<Error> receive_error;
  std::optional<Error> rebind_error;
  std::optional<DtlsReport> dtls;  // none: a plain channel
  unsigned rebinds = 0;
  std::size_t max_payload_bytes = 1200;

 private:
  Server server_;
  std::shared_ptr<TimePoint> clock_;
  std::multimap<TimePoint, Message> arriving_;
  Address address_;
};

// Reply is a response under construction; options in ascending order.
struct Reply {
  coap::Code code = coap::code::kContent;
  std::vector<std::pair<coap::Option, Message>> options;
  Message payload;

  Message piggybacked(const coap::MessageView& request) const { return write(coap::Type::ack, request.id, request.token); }
  Message separate(const coap::MessageView& request, std::uint16_t id, coap::Type type = coap::Type::con) const {
    return write(type, id, request.token);
  }
  Message write(coap::Type type, std::uint16_t id, const coap::Token& token) const {
    Message message(4096);
    coap::MessageWriter writer(message, type, code, id, token);
    for (const auto& [option, value] : options) writer.option(option, Bytes(value));
    writer.payload(payload);
    message.resize(writer.finish().value());
    return message;
  }
};

inline Message uint_value(std::uint32_t value) {
  const auto encoded = coap::encode_uint(value);
  return {encoded.span().begin(), encoded.span().end()};
}
inline Message block_value(std::uint32_t num, bool more, std::uint8_t szx) {
  const auto encoded = coap::encode_block({num, more, szx}).value();
  return {encoded.span().begin(), encoded.span().end()};
}
inline Message empty(coap::Type type, std::uint16_t id) {
  std::array<std::uint8_t, coap::kHeaderBytes> message{};
  coap::write_empty(message, type, id);
  return {message.begin(), message.end()};
}
// block_reply is one block of a body, as a server sends it.
inline Reply block_reply(const Message& body, std::uint32_t num, std::uint8_t szx, const Message& etag) {
  const std::size_t size = std::size_t{16} << szx;
  const auto begin = std::min(body.size(), num * size);
  const auto end = std::min(body.size(), begin + size);
  Reply reply;
  if (!etag.empty()) reply.options.emplace_back(coap::Option::etag, etag);
  reply.options.emplace_back(coap::Option::content_format, uint_value(coap::format::kCbor));
  reply.options.emplace_back(coap::Option::block2, block_value(num, end < body.size(), szx));
  reply.options.emplace_back(coap::Option::size2, uint_value(static_cast<std::uint32_t>(body.size())));
  reply.payload.assign(body.begin() + static_cast<std::ptrdiff_t>(begin), body.begin() + static_cast<std::ptrdiff_t>(end));
  return reply;
}
inline std::uint32_t asked_block(const coap::MessageView& request) {
  const auto option = request.options.find(coap::Option::block2);
  return option ? coap::decode_block(option->value).value().num : 0;
}

}  // namespace qeaas::test
