// SPDX-License-Identifier: GPL-3.0-or-later
// The message layer: the exchanges of RFC 7252 figures 2 to 5 and appendix A as scripts, duplicates, rejections, resets.
#include "coap/endpoint_fixture.hpp"
#include "wire/problem.hpp"

namespace qeaas::coap::testing {

std::string problem(const Reply& reply) {
  EXPECT_EQ(reply.uint(Option::content_format), format::kProblemDetailsCbor);
  const auto decoded = decode_problem_cbor(reply.view.payload);
  EXPECT_TRUE(decoded.has_value());
  return decoded ? decoded->title : "";
}

namespace {

// RFC 7252 figure 2 and 4: a Confirmable request, its answer piggybacked on the ACK.
TEST(EndpointMessages, ConfirmableGetsPiggybackedAnswer) {
  World world;
  FakePeer peer;
  const Reply reply = world.ask(peer, Ask::random().mid(0xbc90).named(0x71));
  EXPECT_EQ(reply.view.type, Type::ack);
  EXPECT_EQ(reply.view.id, 0xbc90);
  EXPECT_EQ(reply.view.code, code::kContent);
  EXPECT_EQ(buffer(reply.view.token.span()), Buffer{0x71});
  EXPECT_EQ(reply.payload(), FakeDraw::bytes(1, 32));
  EXPECT_EQ(reply.uint(Option::content_format), format::kOctetStream);
  EXPECT_EQ(reply.uint(Option::max_age), 0u);
  EXPECT_FALSE(reply.block2());
  EXPECT_FALSE(reply.bytes(Option::etag));
}

// The bytes on the wire, octet by octet (RFC 7252 figure 16 has the same exchange for /temperature).
TEST(EndpointMessages, AnswerOnTheWire) {
  World world;
  FakePeer peer;
  const Buffer request{0x40, 0x01, 0x7d, 0x34, 0xb6, 'r', 'a', 'n', 'd', 'o', 'm', 0x43, 'n', '=', '2'};
  ASSERT_EQ(world.give(peer, request).size(), 1u);
  world.endpoint.on_datagram(peer, request, world.now);
  const Buffer random = FakeDraw::bytes(1, 2);
  EXPECT_EQ(peer.sent.front(), (Buffer{0x60, 0x45, 0x7d, 0x34, 0xc1, 0x2a, 0x20, 0xff, random[0], random[1]}));
}

TEST(EndpointMessages, UnknownPathIsNotFound) {  // figure 4, right
  World world;
  FakePeer peer;
  const Reply reply = world.ask(peer, Ask::path({"temperature"}).mid(0xbc91).named(0x72));
  EXPECT_EQ(reply.view.type, Type::ack);
  EXPECT_EQ(reply.view.code, code::kNotFound);
  EXPECT_EQ(problem(reply), "unknown");
}

TEST(EndpointMessages, NonConfirmableIsAnsweredInKind) {  // figure 3 and RFC 7252 5.2.3
  World world;
  FakePeer peer;
  const Reply first = world.ask(peer, Ask::random().of_type(Type::non).mid(0x01a0).named(0x74));
  EXPECT_EQ(first.view.type, Type::non);
  EXPECT_EQ(buffer(first.view.token.span()), Buffer{0x74});
  const Reply second = world.ask(peer, Ask::random().of_type(Type::non).mid(0x01a1).named(0x75));
  EXPECT_EQ(second.view.id, static_cast<std::uint16_t>(first.view.id + 1));
  EXPECT_EQ(second.payload(), FakeDraw::bytes(2, 32));
}

TEST(EndpointMessages, DuplicateConfirmableGetsTheSameBytes) {  // figure 18: the answer was lost
  World world;
  FakePeer peer;
  peer.lossy = true;  // the datagram could not even be sent
  const Ask request = Ask::random();
  const Reply first = world.ask(peer, request);
  world.pass(44s);
  const Reply again = world.ask(peer, request);
  EXPECT_EQ(first.raw, again.raw);
  EXPECT_EQ(world.draw.draws, 1u);
  EXPECT_EQ(world.gate.debited, 32u);
  EXPECT_EQ(world.endpoint.counters().duplicates.get(), 1u);
}

TEST(EndpointMessages, DuplicateNonConfirmableIsIgnored) {
  World world;
  FakePeer peer;
  const Ask request = Ask::random().of_type(Type::non);
  (void)world.ask(peer, request);
  EXPECT_TRUE(world.give(peer, request.encode()).empty());
  EXPECT_EQ(world.draw.draws, 1u);
}

TEST(EndpointMessages, DuplicateAfterTheAnswerIsWipedIsSilent) {
  World world;
  FakePeer peer;
  const Ask request = Ask::random();
  (void)world.ask(peer, request);
  EXPECT_TRUE(world.left_behind(1, 32));
  world.pass(47s);
  EXPECT_FALSE(world.left_behind(1, 32));
  EXPECT_TRUE(world.give(peer, request.encode()).empty());
  world.pass(199s);  // 246 s
  EXPECT_TRUE(world.give(peer, request.encode()).empty());
  EXPECT_EQ(world.draw.draws, 1u);
}

TEST(EndpointMessages, MessageIdIsFreeAfterExchangeLifetime) {
  World world;
  FakePeer peer;
  const Ask request = Ask::random();
  (void)world.ask(peer, request);
  world.pass(kExchangeLifetime);
  EXPECT_EQ(world.ask(peer, request).payload(), FakeDraw::bytes(2, 32));
}

TEST(EndpointMessages, PeersHaveTheirOwnMessageIds) {
  World world;
  FakePeer a(1), b(2);
  EXPECT_EQ(world.ask(a, Ask::random()).payload(), FakeDraw::bytes(1, 32));
  EXPECT_EQ(world.ask(b, Ask::random()).payload(), FakeDraw::bytes(2, 32));
  EXPECT_EQ(world.ask(a, Ask::random()).payload(), FakeDraw::bytes(1, 32));
}

TEST(EndpointMessages, ErrorsAreRepeatedToo) {
  World world;
  FakePeer peer;
  world.draw.error = Error::starved;
  const Reply first = world.ask(peer, Ask::random());
  world.draw.error.reset();
  EXPECT_EQ(world.ask(peer, Ask::random()).raw, first.raw);
}

TEST(EndpointMessages, PingIsReset) {  // RFC 7252 4.3
  World world;
  FakePeer peer;
  const auto replies = world.give(peer, Buffer{0x40, 0x00, 0x12, 0x34});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies.front().raw, (Buffer{0x70, 0x00, 0x12, 0x34}));
}

struct Bad {
  const char* what;
  Buffer datagram;
  bool reset;
};
class EndpointRejects : public ::testing::TestWithParam<Bad> {};

TEST_P(EndpointRejects, ConfirmableOnly) {
  World world;
  FakePeer peer;
  const auto replies = world.give(peer, GetParam().datagram);
  ASSERT_EQ(replies.size(), GetParam().reset ? 1u : 0u) << GetParam().what;
  if (GetParam().reset) {
    EXPECT_EQ(replies.front().raw, (Buffer{0x70, 0, 0xab, 0xcd}));
  }
  EXPECT_EQ(world.draw.draws, 0u);
  EXPECT_EQ(world.endpoint.counters().requests.get(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7252, EndpointRejects,
    ::testing::Values(
        Bad{"nothing", {}, false}, Bad{"three bytes", {0x40, 0x01, 0xab}, false}, Bad{"version 2", {0x80, 0x01, 0xab, 0xcd}, false},
        Bad{"CON, token length 9", {0x49, 0x01, 0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 9}, true},
        Bad{"NON, token length 9", {0x59, 0x01, 0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 9}, false},
        Bad{"CON, truncated option", {0x40, 0x01, 0xab, 0xcd, 0xb6, 'r'}, true},
        Bad{"CON, marker without payload", {0x40, 0x01, 0xab, 0xcd, 0xff}, true},
        Bad{"empty CON with a token", {0x41, 0x00, 0xab, 0xcd, 0x01}, true}, Bad{"empty NON", {0x50, 0x00, 0xab, 0xcd}, false},
        Bad{"CON of reserved class 1", {0x40, 0x21, 0xab, 0xcd}, true}, Bad{"CON of reserved class 7", {0x40, 0xe1, 0xab, 0xcd}, true},
        Bad{"NON of reserved class 6", {0x50, 0xc1, 0xab, 0xcd}, false},
        Bad{"CON response that nobody asked for", {0x40, 0x45, 0xab, 0xcd}, true},
        Bad{"NON response that nobody asked for", {0x50, 0x45, 0xab, 0xcd}, false}, Bad{"ACK of nothing", {0x60, 0x00, 0xab, 0xcd}, false},
        Bad{"ACK with a request", {0x60, 0x01, 0xab, 0xcd}, false}, Bad{"ACK of reserved class 7", {0x60, 0xe1, 0xab, 0xcd}, false},
        Bad{"RST of nothing", {0x70, 0x00, 0xab, 0xcd}, false}, Bad{"RST that is not empty", {0x70, 0x01, 0xab, 0xcd}, false}));

TEST(EndpointMessages, UnknownCriticalOption) {  // RFC 7252 5.4.1
  for (const std::uint16_t unknown : {std::uint16_t{9}, std::uint16_t{2051}, number(Option::if_match), number(Option::block1)}) {
    World world;
    FakePeer peer;
    const Reply reply = world.ask(peer, Ask::random().with(Option{unknown}, "x"));
    EXPECT_EQ(reply.view.code, code::kBadOption) << unknown;
    EXPECT_EQ(problem(reply), "unsupported");
    EXPECT_TRUE(world.give(peer, Ask::random().with(Option{unknown}, "x").of_type(Type::non).mid(2).encode()).empty());
    EXPECT_EQ(world.draw.draws, 0u);
  }
}

TEST(EndpointMessages, UnknownElectiveOptionIsIgnored) {
  World world;
  FakePeer peer;
  EXPECT_EQ(world.ask(peer, Ask::random().with(Option{2050}, "x")).view.code, code::kContent);
}

TEST(EndpointMessages, IllSizedOrRepeatedCriticalOption) {  // RFC 7252 5.4.3, 5.4.5
  World world;
  FakePeer peer;
  EXPECT_EQ(world.ask(peer, Ask::random().with(Option::accept, "abc")).view.code, code::kBadOption);
  EXPECT_EQ(world.ask(peer, Ask::random().mid(2).with(Option::accept, 42u).with(Option::accept, 42u)).view.code, code::kBadOption);
  EXPECT_EQ(world.ask(peer, Ask::random().mid(3).with(Option::observe, "abcd")).view.code, code::kContent);  // elective: ignored
  EXPECT_EQ(world.ask(peer, Ask::random().mid(4).with(Option::uri_host, "h").with(Option::uri_port, 1u)).view.code, code::kContent);
}

TEST(EndpointMessages, TinyDatagramsDropTheDetailsOfAnError) {
  World world;
  FakePeer peer;
  peer.max_bytes = 24;
  const Reply reply = world.ask(peer, Ask::path({"nowhere"}));
  EXPECT_EQ(reply.view.code, code::kNotFound);
  EXPECT_TRUE(reply.view.payload.empty());
}

TEST(EndpointMessages, AnswerThatFitsNoDatagramIsAnInternalError) {
  World world;
  FakePeer peer;
  peer.max_bytes = 16;  // against the contract of Peer
  EXPECT_EQ(world.ask(peer, Ask::random()).view.code, code::kInternalServerError);
}

TEST(EndpointMessages, ClosedPeerLeavesNothing) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, Ask::random());
  (void)world.ask(peer, Ask::random({"n=5000"}).mid(2));
  ASSERT_TRUE(world.left_behind(1, 32));
  world.endpoint.on_closed(peer);
  EXPECT_FALSE(world.left_behind(1, 32));
  EXPECT_FALSE(world.left_behind(2, 32));
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
  // The same object may come back as another peer: nothing of before is repeated to it.
  EXPECT_EQ(world.ask(peer, Ask::random()).payload(), FakeDraw::bytes(3, 32));
}

TEST(EndpointMessages, ClosingAPeerThatWasNeverHeardOf) {
  World world;
  FakePeer peer;
  world.endpoint.on_closed(peer);
  EXPECT_FALSE(world.endpoint.next_deadline());
}

}  // namespace
}  // namespace qeaas::coap::testing
