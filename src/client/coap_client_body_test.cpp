// SPDX-License-Identifier: GPL-3.0-or-later
// CoapClient, bodies in blocks (RFC 7959) and Echo (RFC 9175).
#include <gtest/gtest.h>

#include <numeric>

#include "client/coap_client.hpp"
#include "client/fake_channel.hpp"
#include "crypto/random.hpp"

namespace qeaas {
namespace {

using coap::MessageView;
using coap::Option;
using test::block_reply;
using test::FakeChannel;
using test::Message;
using test::Reply;

const Message kEtag{1, 2, 3};

Message body_of(std::size_t size, unsigned salt = 0) {
  Message body(size);
  std::iota(body.begin(), body.end(), static_cast<std::uint8_t>(salt));
  return body;
}

class CoapClientBody : public ::testing::Test {
 protected:
  CoapClientBody() { static_cast<void>(initialise_crypto(os_seed)); }
  Answered<CoapResponse> get(FakeChannel& channel, const CoapClient::Progress& progress = {}) {
    CoapClientOptions options;
    options.now = [&channel] { return channel.now; };
    options.max_body_bytes = max_body_bytes_;
    return CoapClient(channel, options).get({{"random"}, {"n=4"}, coap::format::kCbor}, progress);
  }
  Fault refusal(const FakeChannel::Server& server) {
    FakeChannel channel(server);
    const auto response = get(channel);
    EXPECT_FALSE(response.has_value());
    requests_ = channel.sent.size();
    return response ? Fault{Error::no_space, ""} : response.error().fault;
  }
  std::size_t max_body_bytes_ = 1 << 20;
  std::size_t requests_ = 0;
};

TEST_F(CoapClientBody, BlocksMakeTheBody) {
  for (const std::size_t size : {1024u, 1025u, 2048u, 5000u}) {
    const auto body = body_of(size);
    std::vector<std::uint32_t> asked;
    FakeChannel channel([&](FakeChannel& to, const MessageView& request) {
      asked.push_back(test::asked_block(request));
      EXPECT_EQ(request.options.find(Option::uri_query)->text(), "n=4");
      EXPECT_EQ(request.options.find(Option::size2).has_value(), asked.size() == 1);
      to.deliver(block_reply(body, asked.back(), 6, kEtag).piggybacked(request));
    });
    std::vector<std::pair<std::uint64_t, std::uint64_t>> progress;
    const auto response = get(channel, [&](std::uint64_t done, std::uint64_t total) { progress.emplace_back(done, total); });
    ASSERT_TRUE(response) << response.error().fault.text;
    EXPECT_TRUE(std::ranges::equal(response->payload.span(), body));
    ASSERT_EQ(asked.size(), (size + 1023) / 1024);
    for (std::uint32_t i = 0; i < asked.size(); ++i) EXPECT_EQ(asked[i], i);
    EXPECT_EQ(progress.back(), (std::pair<std::uint64_t, std::uint64_t>(size, size)));
    EXPECT_EQ(progress.size(), asked.size());
  }
}

TEST_F(CoapClientBody, AServerMayChooseSmallerBlocksOnTheWay) {
  const auto body = body_of(3000);
  FakeChannel channel([&](FakeChannel& to, const MessageView& request) {
    const auto option = request.options.find(Option::block2);
    if (!option) return to.deliver(block_reply(body, 0, 6, kEtag).piggybacked(request));
    const auto block = coap::decode_block(option->value).value();
    to.deliver(block_reply(body, static_cast<std::uint32_t>(block.offset_bytes() >> 8), 4, kEtag).piggybacked(request));
  });
  const auto response = get(channel);
  ASSERT_TRUE(response) << response.error().fault.text;
  EXPECT_TRUE(std::ranges::equal(response->payload.span(), body));
}

TEST_F(CoapClientBody, ABlockThatIsLostIsAskedForAgain) {
  const auto body = body_of(3000);
  int messages = 0;
  FakeChannel channel([&](FakeChannel& to, const MessageView& request) {
    if (++messages % 2 == 0) to.deliver(block_reply(body, test::asked_block(request), 6, kEtag).piggybacked(request));
  });
  const auto response = get(channel);
  ASSERT_TRUE(response);
  EXPECT_TRUE(std::ranges::equal(response->payload.span(), body));
  EXPECT_EQ(messages, 6);
}

TEST_F(CoapClientBody, AnotherEtagStartsAgainOnce) {
  int firsts = 0;
  FakeChannel channel([&](FakeChannel& to, const MessageView& request) {
    const auto block = test::asked_block(request);
    if (block == 0) ++firsts;
    // The draw changes before the second block of the first attempt.
    const auto salt = firsts == 1 && block == 0 ? 1u : 2u;
    to.deliver(block_reply(body_of(2500, salt), block, 6, {static_cast<std::uint8_t>(salt)}).piggybacked(request));
  });
  const auto response = get(channel);
  ASSERT_TRUE(response) << response.error().fault.text;
  EXPECT_TRUE(std::ranges::equal(response->payload.span(), body_of(2500, 2)));
  EXPECT_EQ(firsts, 2);
}

TEST_F(CoapClientBody, AnEtagThatNeverStaysIsARefusal) {
  std::uint8_t etag = 0;
  const auto fault = refusal([&](FakeChannel& to, const MessageView& request) {
    to.deliver(block_reply(body_of(2500), test::asked_block(request), 6, {++etag}).piggybacked(request));
  });
  EXPECT_EQ(fault.error, Error::io);
  EXPECT_EQ(requests_, 4u);  // two attempts of two blocks
}

TEST_F(CoapClientBody, IncompleteStartsAgainOnce) {
  int lost = 0;
  const auto server = [&](FakeChannel& to, const MessageView& request) {
    const auto block = test::asked_block(request);
    if (block == 1 && lost-- > 0) return to.deliver(Reply{coap::code::kRequestEntityIncomplete, {}, {}}.piggybacked(request));
    to.deliver(block_reply(body_of(2500), block, 6, kEtag).piggybacked(request));
  };
  lost = 1;
  FakeChannel channel(server);
  EXPECT_TRUE(get(channel).has_value());
  EXPECT_EQ(channel.sent.size(), 5u);
  lost = 2;
  EXPECT_EQ(refusal(server).error, Error::io);
}

TEST_F(CoapClientBody, MalformedBlocksAreRefused) {
  struct Case {
    const char* words;
    std::function<Reply(std::uint32_t)> reply;
  };
  const auto body = body_of(2500);
  const std::vector<Case> cases{
      {"another block", [&](std::uint32_t) { return block_reply(body, 1, 6, kEtag); }},
      {"another block", [&](std::uint32_t asked) { return block_reply(body, asked == 1 ? 0 : asked, 6, kEtag); }},
      {"without an ETag", [&](std::uint32_t asked) { return block_reply(body, asked, 6, {}); }},
      {"another size",
       [&](std::uint32_t asked) {
         auto reply = block_reply(body, asked, 6, kEtag);
         reply.payload.pop_back();
         return reply;
       }},
      {"without saying which",
       [&](std::uint32_t asked) {
         return asked == 0 ? block_reply(body, 0, 6, kEtag) : Reply{coap::code::kContent, {{Option::etag, kEtag}}, {1}};
       }},
      {"that is none",
       [&](std::uint32_t) {
         return Reply{coap::code::kContent, {{Option::etag, kEtag}, {Option::block2, {7}}}, {1}};
       }},
  };
  for (const auto& one : cases) {
    const auto fault = refusal(
        [&](FakeChannel& to, const MessageView& request) { to.deliver(one.reply(test::asked_block(request)).piggybacked(request)); });
    EXPECT_EQ(fault.error, Error::malformed) << one.words;
    EXPECT_NE(fault.text.find(one.words), std::string::npos) << fault.text;
  }
}

TEST_F(CoapClientBody, ABodyHasALimit) {
  max_body_bytes_ = 2000;
  const auto fault = refusal([](FakeChannel& to, const MessageView& request) {
    to.deliver(block_reply(body_of(1 << 16), test::asked_block(request), 6, kEtag).piggybacked(request));
  });
  EXPECT_EQ(fault.error, Error::too_large);
  EXPECT_EQ(requests_, 2u);
}

TEST_F(CoapClientBody, AnEchoChallengeIsAnsweredOnceAndKept) {
  const Message challenge{9, 8, 7, 6};
  const auto body = body_of(2000);
  FakeChannel channel([&](FakeChannel& to, const MessageView& request) {
    const auto echo = request.options.find(Option::echo);
    if (!echo || !std::ranges::equal(echo->value, challenge))
      return to.deliver(Reply{coap::code::kUnauthorized, {{Option::echo, challenge}}, {}}.piggybacked(request));
    to.deliver(block_reply(body, test::asked_block(request), 6, kEtag).piggybacked(request));
  });
  const auto response = get(channel);
  ASSERT_TRUE(response) << response.error().fault.text;
  EXPECT_TRUE(std::ranges::equal(response->payload.span(), body));
  EXPECT_EQ(channel.sent.size(), 3u);  // refused, first block, second block
}

TEST_F(CoapClientBody, AnEchoThatIsNeverGoodEnoughIsARefusal) {
  std::uint8_t challenge = 0;
  const auto fault = refusal([&](FakeChannel& to, const MessageView& request) {
    to.deliver(Reply{coap::code::kUnauthorized, {{Option::echo, {++challenge}}}, {}}.piggybacked(request));
  });
  EXPECT_EQ(fault.error, Error::unauthorized);
  EXPECT_EQ(requests_, 2u);
}

}  // namespace
}  // namespace qeaas
