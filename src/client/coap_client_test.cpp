// SPDX-License-Identifier: GPL-3.0-or-later
// CoapClient, the message layer: loss, duplicates, separate responses, strangers, and every way to fail.
#include "client/coap_client.hpp"

#include <gtest/gtest.h>

#include "client/fake_channel.hpp"
#include "crypto/random.hpp"
#include "wire/problem.hpp"

namespace qeaas {
namespace {

using coap::MessageView;
using coap::Option;
using coap::Type;
using test::FakeChannel;
using test::Message;
using test::Reply;

const Message kBody{'b', 'o', 'd', 'y'};
const Reply kHello{coap::code::kContent, {{Option::content_format, test::uint_value(60)}}, kBody};

class CoapClientTest : public ::testing::Test {
 protected:
  CoapClientTest() { static_cast<void>(initialise_crypto(os_seed)); }

  Answered<CoapResponse> get(FakeChannel& channel, const CoapClient::Progress& progress = {}) {
    CoapClientOptions options;
    options.now = [&channel] { return channel.now; };
    CoapClient client(channel, options);
    auto response = client.get({{"random"}, {"n=4"}, coap::format::kCbor}, progress);
    statistics_ = client.statistics();
    return response;
  }
  Error refusal(FakeChannel& channel) {
    const auto response = get(channel);
    EXPECT_FALSE(response.has_value());
    if (response) return Error::no_space;
    text_ = response.error().fault.text;
    retry_ = response.error().retry_after;
    return response.error().fault.error;
  }
  static bool is_body(const Answered<CoapResponse>& response) { return response && std::ranges::equal(response->payload.span(), kBody); }

  ClientStatistics statistics_;
  std::string text_;
  std::optional<std::chrono::seconds> retry_;
};

TEST_F(CoapClientTest, APiggybackedResponseIsTheAnswer) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    EXPECT_EQ(request.type, Type::con);
    EXPECT_EQ(request.code, coap::code::kGet);
    EXPECT_EQ(request.token.size(), coap::kMaxTokenBytes);
    EXPECT_EQ(request.options.find(Option::uri_path)->text(), "random");
    EXPECT_EQ(request.options.find(Option::uri_query)->text(), "n=4");
    EXPECT_EQ(request.options.find(Option::accept)->uint(), 60u);
    to.deliver(kHello.piggybacked(request), 7ms);
  });
  const auto response = get(channel);
  EXPECT_TRUE(is_body(response));
  EXPECT_EQ(response->content_format, 60);
  EXPECT_EQ(statistics_.round_trips, 1u);
  EXPECT_EQ(statistics_.retransmissions, 0u);
  EXPECT_EQ(statistics_.first_answer, Clock::duration(7ms));
  EXPECT_EQ(statistics_.bytes_sent, channel.sent[0].size());
}

TEST_F(CoapClientTest, AProxyIsAskedByProxyUriAlone) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    EXPECT_EQ(request.options.find(Option::proxy_uri)->text(), "http://127.0.0.1:6065/random_number/8");
    EXPECT_FALSE(request.options.find(Option::uri_path));
    EXPECT_FALSE(request.options.find(Option::accept));
    to.deliver(kHello.piggybacked(request));
  });
  CoapClientOptions options;
  options.now = [&channel] { return channel.now; };
  CoapClient client(channel, options);
  EXPECT_TRUE(is_body(client.get({{}, {}, std::nullopt, "http://127.0.0.1:6065/random_number/8"})));
}

TEST_F(CoapClientTest, AProxyUriStandsBeforeAnEchoInTheMessage) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    if (request.options.find(Option::echo)) return to.deliver(kHello.piggybacked(request));
    to.deliver(Reply{coap::code::kUnauthorized, {{Option::echo, {1, 2, 3}}}, {}}.piggybacked(request));
  });
  CoapClientOptions options;
  options.now = [&channel] { return channel.now; };
  CoapClient client(channel, options);
  EXPECT_TRUE(is_body(client.get({{}, {}, std::nullopt, "http://h/"})));
}

TEST_F(CoapClientTest, LostRequestsAreSentAgainWithBackOff) {
  std::vector<TimePoint> times;
  FakeChannel channel([&](FakeChannel& to, const MessageView& request) {
    times.push_back(to.now);
    if (times.size() == 4) to.deliver(kHello.piggybacked(request));
  });
  EXPECT_TRUE(is_body(get(channel)));
  ASSERT_EQ(times.size(), 4u);
  EXPECT_EQ(statistics_.retransmissions, 3u);
  for (const auto& message : channel.sent) EXPECT_EQ(message, channel.sent[0]);
  const auto first = times[1] - times[0];
  EXPECT_GE(first, 2s);  // ACK_TIMEOUT to ACK_TIMEOUT * ACK_RANDOM_FACTOR
  EXPECT_LE(first, 3s);
  EXPECT_EQ(times[2] - times[1], 2 * first);
  EXPECT_EQ(times[3] - times[2], 4 * first);
}

TEST_F(CoapClientTest, SilenceIsATimeout) {
  FakeChannel channel([](FakeChannel&, const MessageView&) {});
  const auto began = channel.now;
  EXPECT_EQ(refusal(channel), Error::timeout);
  EXPECT_LE(channel.now - began, 30s);
  EXPECT_EQ(channel.sent.size(), 4u);  // the fifth would come after 30 s at the earliest
}

TEST_F(CoapClientTest, RetransmissionEndsAfterFourEvenWithMoreTime) {
  FakeChannel channel([](FakeChannel&, const MessageView&) {});
  CoapClientOptions options;
  options.now = [&channel] { return channel.now; };
  options.answer_timeout = 3600s;
  CoapClient client(channel, options);
  const auto began = channel.now;
  EXPECT_EQ(client.get({{"random"}, {}, 60}).error().fault.error, Error::timeout);
  EXPECT_EQ(channel.sent.size(), 5u);
  EXPECT_LE(channel.now - began, 93s);  // MAX_TRANSMIT_WAIT
}

TEST_F(CoapClientTest, ASeparateResponseIsAcknowledged) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    if (!request.code.is_request()) return;
    to.deliver(test::empty(Type::ack, request.id));
    to.deliver(kHello.separate(request, 77), 20s);
  });
  EXPECT_TRUE(is_body(get(channel)));
  EXPECT_EQ(statistics_.retransmissions, 0u);  // acknowledged, so never sent again
  ASSERT_EQ(channel.sent.size(), 2u);
  EXPECT_EQ(channel.sent[1], test::empty(Type::ack, 77));
}

TEST_F(CoapClientTest, ASeparateResponseMayOvertakeItsAcknowledgement) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    if (request.code.is_request()) to.deliver(kHello.separate(request, 9, Type::non));
  });
  EXPECT_TRUE(is_body(get(channel)));
  EXPECT_EQ(channel.sent.size(), 1u);  // a NON response gets no acknowledgement
}

TEST_F(CoapClientTest, AnAcknowledgedRequestWithoutResponseIsATimeout) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) { to.deliver(test::empty(Type::ack, request.id)); });
  EXPECT_EQ(refusal(channel), Error::timeout);
  EXPECT_NE(text_.find("took the request"), std::string::npos);
  EXPECT_EQ(channel.sent.size(), 1u);
}

TEST_F(CoapClientTest, StrangersAreIgnoredOrReset) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    if (!request.code.is_request()) return;
    auto wrong_token = kHello.piggybacked(request);
    wrong_token[4] ^= 1;
    to.deliver(wrong_token);
    to.deliver(test::empty(Type::ack, static_cast<std::uint16_t>(request.id + 1)));
    to.deliver(test::empty(Type::rst, static_cast<std::uint16_t>(request.id + 1)));
    to.deliver(kHello.write(Type::con, 501, coap::Token::of(test::Message{1, 2}).value()));
    to.deliver(test::empty(Type::con, 502));  // a ping
    to.deliver({});
    to.deliver({0x40});                    // no message
    to.deliver({0x4F, 0x01, 0x01, 0xF7});  // a confirmable one with a token length of 15
    to.deliver(Message(5000, 0x40));       // longer than any
    to.deliver(kHello.piggybacked(request), 5ms);
  });
  EXPECT_TRUE(is_body(get(channel)));
  ASSERT_EQ(channel.sent.size(), 4u);
  EXPECT_EQ(channel.sent[1], test::empty(Type::rst, 501));
  EXPECT_EQ(channel.sent[2], test::empty(Type::rst, 502));
  EXPECT_EQ(channel.sent[3], test::empty(Type::rst, 0x01F7));
}

TEST_F(CoapClientTest, ResponsesThatComeTwiceAreTakenOnce) {
  int requests = 0;
  FakeChannel channel([&](FakeChannel& to, const MessageView& request) {
    if (!request.code.is_request()) return;
    if (++requests == 1) {
      to.deliver(kHello.separate(request, 40));
      to.deliver(kHello.separate(request, 40), 2ms);  // its acknowledgement was lost
      return;
    }
    to.deliver(Reply{coap::code::kContent, {}, {'2'}}.piggybacked(request), 9ms);
  });
  CoapClientOptions options;
  options.now = [&channel] { return channel.now; };
  CoapClient client(channel, options);
  EXPECT_TRUE(is_body(client.get({{"a"}, {}, 60})));
  const auto second = client.get({{"b"}, {}, 60});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->payload.span()[0], '2');
  ASSERT_EQ(channel.sent.size(), 4u);  // request, ACK, request, ACK again
  EXPECT_EQ(channel.sent[3], test::empty(Type::ack, 40));
}

TEST_F(CoapClientTest, AResetIsARefusal) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) { to.deliver(test::empty(Type::rst, request.id)); });
  EXPECT_EQ(refusal(channel), Error::refused);
}

TEST_F(CoapClientTest, ErrorsOfTheChannelAreNamed) {
  FakeChannel channel([](FakeChannel&, const MessageView&) {});
  for (const auto error : {Error::unreachable, Error::closed, Error::io}) {
    channel.receive_error = error;
    EXPECT_EQ(refusal(channel), error);
  }
  channel.send_error = Error::closed;
  EXPECT_EQ(refusal(channel), Error::closed);
}

TEST_F(CoapClientTest, ARequestThatDoesNotFitIsRefused) {
  FakeChannel channel([](FakeChannel&, const MessageView&) {});
  channel.max_payload_bytes = 20;
  EXPECT_EQ(refusal(channel), Error::too_large);
  EXPECT_TRUE(channel.sent.empty());
}

TEST_F(CoapClientTest, AnUnknownCriticalOptionIsRejected) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    to.deliver(Reply{coap::code::kContent, {{static_cast<Option>(65001), {1}}}, kBody}.piggybacked(request));
  });
  EXPECT_EQ(refusal(channel), Error::unsupported);
  EXPECT_NE(text_.find("65001"), std::string::npos);
}

TEST_F(CoapClientTest, AStarvedServerSaysWhenToComeBack) {
  FakeChannel channel([](FakeChannel& to, const MessageView& request) {
    Reply reply{coap::code::kServiceUnavailable,
                {{Option::content_format, test::uint_value(257)}, {Option::max_age, test::uint_value(7)}},
                Message(512)};
    reply.payload.resize(encode_problem_cbor(Error::alarmed, "source \"rdseed\" is alarmed", reply.payload).value());
    to.deliver(reply.piggybacked(request));
  });
  EXPECT_EQ(refusal(channel), Error::alarmed);
  EXPECT_EQ(retry_, std::chrono::seconds(7));
  EXPECT_NE(text_.find("5.03, alarmed: source \"rdseed\" is alarmed"), std::string::npos) << text_;
  EXPECT_NE(text_.find("try again in 7 s"), std::string::npos) << text_;
}

TEST_F(CoapClientTest, EveryErrorCodeHasItsError) {
  const std::vector<std::pair<coap::Code, Error>> cases{{coap::code::kBadRequest, Error::malformed},
                                                        {coap::code::kUnauthorized, Error::unauthorized},
                                                        {coap::code::kBadOption, Error::unsupported},
                                                        {coap::code::kForbidden, Error::forbidden},
                                                        {coap::code::kNotFound, Error::not_found},
                                                        {coap::code::kMethodNotAllowed, Error::unsupported},
                                                        {coap::code::kRequestEntityIncomplete, Error::unsupported},
                                                        {coap::code::kRequestEntityTooLarge, Error::too_large},
                                                        {coap::code::kTooManyRequests, Error::over_quota},
                                                        {coap::code::kInternalServerError, Error::io},
                                                        {coap::code::kServiceUnavailable, Error::starved},
                                                        {coap::code::kGatewayTimeout, Error::timeout}};
  for (const auto& [code, error] : cases) {
    FakeChannel channel([&, reply = Reply{code, {}, {'w', 'h', 'y', 0x1B}}](FakeChannel& to, const MessageView& request) {
      to.deliver(reply.piggybacked(request));
    });
    EXPECT_EQ(refusal(channel), error) << code.klass() << "." << code.detail();
    EXPECT_NE(text_.find(", why?"), std::string::npos) << text_;  // no escape sequence reaches a terminal
    const bool may_wait = code == coap::code::kTooManyRequests || code == coap::code::kServiceUnavailable;
    EXPECT_EQ(retry_, may_wait ? std::optional(std::chrono::seconds(60)) : std::nullopt);
  }
}

TEST_F(CoapClientTest, UnreadableTextStaysOut) {
  EXPECT_EQ(printable("a\xC2\x9B"
                      "b\x7F\n"),
            "a??b??");
  EXPECT_EQ(printable("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(printable("\xFF"), "(unreadable text)");
}

}  // namespace
}  // namespace qeaas
