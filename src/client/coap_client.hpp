// SPDX-License-Identifier: GPL-3.0-or-later
// CoapClient: requests and answers with one server over a Channel: confirmable messages with retransmission (RFC 7252 4.2), separate
// responses (5.2.2), Block2 downloads (RFC 7959), Echo (RFC 9175). One request at a time (NSTART 1), one thread. Time comes from
// the channel's deadlines and a clock that tests replace.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/refusal.hpp"
#include "net/channel.hpp"
#include "wire/coap_message.hpp"
#include "wire/random_answer.hpp"

namespace qeaas {

struct CoapRequest {
  std::vector<std::string> path;                              // one Uri-Path option each
  std::vector<std::string> query;                             // one Uri-Query option each
  std::optional<std::uint16_t> accept = coap::format::kCbor;  // none leaves the format to the server
  std::string proxy_uri{};  // what a forward proxy is to fetch (RFC 7252 5.7.2); then path and query stay empty
};

struct CoapResponse {
  coap::Code code;
  std::optional<std::uint16_t> content_format;
  SecretBytes payload;
};

struct CoapClientOptions {
  Clock::duration ack_timeout = 2s;  // RFC 7252 4.8
  double ack_random_factor = 1.5;
  unsigned max_retransmit = 4;
  Clock::duration answer_timeout = 30s;  // for each message exchange, a separate response included
  std::size_t max_body_bytes = kMaxAnswerBytes;
  std::function<TimePoint()> now = Clock::now;
};

// ClientStatistics adds up over the life of one client. Bytes are those of CoAP messages; the DtlsReport counts datagrams.
struct ClientStatistics {
  std::uint64_t round_trips = 0;  // exchanges that were answered
  std::uint64_t retransmissions = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::optional<Clock::duration> first_answer;  // from the first request to the first response
};

class CoapClient {
 public:
  // The channel must outlive the client.
  CoapClient(Channel& channel, CoapClientOptions options);

  // Progress is told of the bytes of the body that have arrived, and of all of them when the server says how many (else zero).
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
  // get fetches a whole representation. Anything but a 2.xx response is a refusal with the words of the server (RFC 9290) and, for
  // 5.03 and 4.29, its Max-Age as the time to try again. Others: timeout, closed, unreachable, malformed, unsupported, too_large.
  Answered<CoapResponse> get(const CoapRequest& request, const Progress& progress = {});
  const ClientStatistics& statistics() const noexcept { return statistics_; }

 private:
  static constexpr std::size_t kMaxMessageBytes = 4096;
  struct Body;
  enum class Step : std::uint8_t { complete, next_block, start_again };
  struct Exchange {
    std::uint16_t id = 0;
    coap::Token token;
    std::size_t size = 0;  // of the message in outgoing_
    TimePoint give_up;
    TimePoint resend_at;
    Clock::duration resend_after{};
    unsigned resent = 0;
    bool acknowledged = false;
  };

  // exchange sends one request and waits for its response, whose views point into incoming_.
  Answered<coap::MessageView> exchange(const CoapRequest& request, const Body& body);
  Answered<Exchange> begin(const CoapRequest& request, const Body& body);
  Answered<void> transmit(const Exchange& exchange);
  Answered<void> on_silence(Exchange& exchange);
  // on_message gives true when the message is the response of the exchange.
  Answered<bool> on_message(const coap::MessageView& message, Exchange& exchange);
  Answered<void> check_options(const coap::MessageView& message) const;
  Answered<Step> take(const coap::MessageView& response, Body& body);
  Answered<void> take_block(const coap::MessageView& response, Body& body, const coap::Block& block);
  Answered<coap::MessageView> answer_of(const CoapRequest& request, const Body& body);
  void send_empty(coap::Type type, std::uint16_t id);
  Clock::duration first_timeout() const;

  Channel& channel_;
  CoapClientOptions options_;
  ClientStatistics statistics_;
  std::uint16_t next_id_ = 0;
  coap::Token last_token_;          // of the exchange before, whose response may come twice
  std::vector<std::uint8_t> echo_;  // the server's latest challenge
  std::optional<TimePoint> first_request_;
  std::array<std::uint8_t, kMaxMessageBytes> outgoing_{};
  Secret<kMaxMessageBytes> incoming_;
};

}  // namespace qeaas
