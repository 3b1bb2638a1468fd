// SPDX-License-Identifier: GPL-3.0-or-later
// CoapClient: the message layer of one client. Block-wise bodies and Echo are in coap_client_body.cpp.
#include "client/coap_client.hpp"

#include <algorithm>

#include "client/coap_client_body.hpp"
#include "crypto/random.hpp"

namespace qeaas {
namespace {

using coap::MessageView;
using coap::Option;
using coap::Type;

tl::unexpected<Refusal> channel_refusal(Error error) {
  switch (error) {
    case Error::unreachable: return refuse(error, "nothing answers there (is the server running, and is the port right?)");
    case Error::closed: return refuse(error, "the server closed the session; try again");
    default: return tl::unexpected(Refusal{explain(error, "the channel failed").value(), std::nullopt});
  }
}

// Rarely used numbers from the seed function: a message ID to begin with, tokens that an attacker off the path cannot guess.
template <std::size_t N>
Answered<std::array<std::uint8_t, N>> random_array() {
  std::array<std::uint8_t, N> bytes{};
  if (const auto filled = seed_bytes(bytes); !filled) return refuse(filled.error(), "the system gives no random bytes for a CoAP token");
  return bytes;
}

}  // namespace

CoapClient::CoapClient(Channel& channel, CoapClientOptions options) : channel_(channel), options_(std::move(options)) {
  const auto start = random_array<2>();
  if (start) next_id_ = static_cast<std::uint16_t>((*start)[0] << 8 | (*start)[1]);
}

// first_timeout is between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR (RFC 7252 4.2).
Clock::duration CoapClient::first_timeout() const {
  const auto dice = random_array<1>();
  const double share = dice ? (*dice)[0] / 255.0 : 0;
  return std::chrono::duration_cast<Clock::duration>(options_.ack_timeout * (1 + share * (options_.ack_random_factor - 1)));
}

Answered<CoapClient::Exchange> CoapClient::begin(const CoapRequest& request, const Body& body) {
  const auto random = random_array<coap::kMaxTokenBytes>();
  if (!random) return tl::unexpected(random.error());
  Exchange exchange;
  exchange.id = next_id_++;
  exchange.token = coap::Token::of(*random).value();
  coap::MessageWriter writer(MutableBytes(outgoing_).first(std::min(outgoing_.size(), channel_.max_payload())), Type::con, coap::code::kGet,
                             exchange.id, exchange.token);
  for (const auto& segment : request.path) writer.option(Option::uri_path, segment);
  for (const auto& parameter : request.query) writer.option(Option::uri_query, parameter);
  if (request.accept) writer.option_uint(Option::accept, *request.accept);
  if (const auto next = body.next_block())
    writer.option_block(Option::block2, *next);
  else
    writer.option_uint(Option::size2, 0);  // RFC 7959 4: how large is the body?
  if (!request.proxy_uri.empty()) writer.option(Option::proxy_uri, request.proxy_uri);
  if (!echo_.empty()) writer.option(Option::echo, echo_);
  const auto size = writer.finish();
  if (!size) return refuse(Error::too_large, "the request does not fit into one datagram");
  exchange.size = *size;
  const auto now = options_.now();
  exchange.give_up = now + options_.answer_timeout;
  exchange.resend_after = first_timeout();
  exchange.resend_at = now + exchange.resend_after;
  if (!first_request_) first_request_ = now;
  return exchange;
}

Answered<void> CoapClient::transmit(const Exchange& exchange) {
  if (const auto sent = channel_.send(Bytes(outgoing_).first(exchange.size)); !sent) return channel_refusal(sent.error());
  ++statistics_.messages_sent;
  statistics_.bytes_sent += exchange.size;
  return {};
}

Answered<void> CoapClient::on_silence(Exchange& exchange) {
  const auto now = options_.now();
  if (now >= exchange.give_up || (!exchange.acknowledged && now >= exchange.resend_at && exchange.resent == options_.max_retransmit))
    return refuse(Error::timeout, exchange.acknowledged ? "the server took the request but did not answer in time"
                                                        : "no answer in time; " + std::string(advice(Error::timeout)));
  if (exchange.acknowledged || now < exchange.resend_at) return {};
  ++exchange.resent;
  ++statistics_.retransmissions;
  exchange.resend_after *= 2;
  exchange.resend_at = now + exchange.resend_after;
  return transmit(exchange);
}

Answered<MessageView> CoapClient::exchange(const CoapRequest& request, const Body& body) {
  auto begun = begin(request, body);
  if (!begun) return tl::unexpected(begun.error());
  auto& exchange = *begun;
  if (auto sent = transmit(exchange); !sent) return tl::unexpected(sent.error());
  while (true) {
    const auto until = exchange.acknowledged ? exchange.give_up : std::min(exchange.give_up, exchange.resend_at);
    const auto size = channel_.receive(incoming_.span(), until);
    if (!size && size.error() == Error::too_large) continue;  // no message of ours is that long
    if (!size && size.error() != Error::timeout) return channel_refusal(size.error());
    if (!size) {
      if (auto waits = on_silence(exchange); !waits) return tl::unexpected(waits.error());
      continue;
    }
    ++statistics_.messages_received;
    statistics_.bytes_received += *size;
    const auto message = coap::parse(Bytes(incoming_.span()).first(*size));
    if (!message) {
      if (message.error().action == coap::Rejection::Action::reset) send_empty(Type::rst, message.error().id);
      if (auto waits = on_silence(exchange); !waits) return tl::unexpected(waits.error());
      continue;
    }
    const auto answered = on_message(*message, exchange);
    if (!answered) return tl::unexpected(answered.error());
    if (*answered) return *message;
    if (auto waits = on_silence(exchange); !waits) return tl::unexpected(waits.error());
  }
}

Answered<bool> CoapClient::on_message(const MessageView& message, Exchange& exchange) {
  const bool ours = message.id == exchange.id;
  if (message.type == Type::rst) {
    if (ours) return refuse(Error::refused, "the server rejected the message; it may not speak CoAP on this port");
    return false;
  }
  if (message.type == Type::ack && !ours) return false;  // of an earlier exchange, late or twice
  if (message.type == Type::ack && message.code.is_empty()) {
    exchange.acknowledged = true;
    return false;
  }
  const bool answers = message.code.is_response() && message.token == exchange.token;
  if (message.type == Type::con) {
    // A response that was taken already is acknowledged again; anything else that wants an acknowledgement is not for us.
    const bool again = message.code.is_response() && message.token == last_token_;
    send_empty(answers || again ? Type::ack : Type::rst, message.id);
  }
  if (!answers) return false;
  last_token_ = exchange.token;
  ++statistics_.round_trips;
  if (!statistics_.first_answer) statistics_.first_answer = options_.now() - *first_request_;
  if (auto fine = check_options(message); !fine) return tl::unexpected(fine.error());
  return true;
}

// check_options: a response with a critical option that is not understood must be rejected (RFC 7252 5.4.1).
Answered<void> CoapClient::check_options(const MessageView& message) const {
  for (const auto& option : message.options)
    if (coap::is_critical(option.number) && (!coap::is_known(option.number) || !coap::length_fits(option.number, option.value.size())))
      return refuse(Error::unsupported, "the response carries the critical option " + std::to_string(coap::number(option.number)) +
                                            ", which this client does not understand");
  return {};
}

void CoapClient::send_empty(Type type, std::uint16_t id) {
  std::array<std::uint8_t, coap::kHeaderBytes> message{};
  coap::write_empty(message, type, id);
  // A lost acknowledgement makes the server send again, which is answered again.
  if (!channel_.send(message)) return;
  ++statistics_.messages_sent;
  statistics_.bytes_sent += message.size();
}

}  // namespace qeaas
