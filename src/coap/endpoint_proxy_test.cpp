// SPDX-License-Identifier: GPL-3.0-or-later
// The forward proxy of the endpoint with a forwarder that the test plays: separate responses, duplicates, refusals, blocks.
#include "coap/endpoint_proxy_fixture.hpp"

namespace qeaas::coap::testing {
namespace {

TEST(EndpointProxy, AnswersSeparately) {
  ProxyWorld world;
  FakePeer peer;
  const Reply first = world.ask(peer, ProxyWorld::get().mid(7));
  EXPECT_EQ(first.view.type, Type::ack);
  EXPECT_TRUE(first.view.code.is_empty());
  EXPECT_EQ(first.view.id, 7);
  EXPECT_EQ(first.raw.size(), kHeaderBytes);
  ASSERT_EQ(world.asked.size(), 1u);
  EXPECT_EQ(to_text(world.asked.front().uri), kPaper);
  EXPECT_EQ(world.asked.front().accept, "");
  const auto replies = world.fetched(peer, FakeForwarder::answer("{\"return\": 0, \"random_number\": 5}"));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].view.type, Type::con);
  EXPECT_EQ(replies[0].view.code, code::kContent);
  EXPECT_EQ(buffer(replies[0].view.token.span()), Buffer{0x42});
  EXPECT_EQ(replies[0].uint(Option::content_format), 50u);
  EXPECT_EQ(replies[0].uint(Option::max_age), 0u) << "without an explicit lifetime nothing is fresh";
  EXPECT_EQ(replies[0].payload(), buffer("{\"return\": 0, \"random_number\": 5}"));
  EXPECT_EQ(world.gate.kept(), 33u);
  // It is repeated until it is acknowledged.
  peer.sent.clear();
  world.pass(kAckTimeout + kAckRandomSpan);
  ASSERT_EQ(peer.sent.size(), 1u);
  EXPECT_EQ(peer.sent[0], replies[0].raw);
  world.send_empty(peer, Type::ack, replies[0].view.id);
  peer.sent.clear();
  world.pass(200s);
  EXPECT_TRUE(peer.sent.empty());
  EXPECT_EQ(world.endpoint.forwards(), 0u);
  EXPECT_EQ(world.draw.draws, 0u);
}

TEST(EndpointProxy, NonConfirmableInKind) {
  ProxyWorld world;
  FakePeer peer;
  EXPECT_TRUE(world.give(peer, ProxyWorld::get().of_type(Type::non).encode()).empty());
  const auto replies = world.fetched(peer, FakeForwarder::answer("x"));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].view.type, Type::non);
  EXPECT_EQ(replies[0].view.code, code::kContent);
}

TEST(EndpointProxy, DuplicatesStartNothing) {
  ProxyWorld world;
  FakePeer peer;
  const Reply first = world.ask(peer, ProxyWorld::get().mid(7));
  EXPECT_EQ(world.ask(peer, ProxyWorld::get().mid(7)).raw, first.raw);
  (void)world.fetched(peer, FakeForwarder::answer("x"));
  EXPECT_EQ(world.ask(peer, ProxyWorld::get().mid(7)).raw, first.raw) << "after the answer, too";
  EXPECT_TRUE(world.give(peer, ProxyWorld::get().mid(8).of_type(Type::non).encode()).empty());
  EXPECT_TRUE(world.give(peer, ProxyWorld::get().mid(8).of_type(Type::non).encode()).empty());
  EXPECT_EQ(world.asked.size(), 2u);
  EXPECT_EQ(world.endpoint.counters().duplicates.get(), 3u);
}

TEST(EndpointProxy, ProxySchemeWithTheUriOptions) {
  ProxyWorld world;
  FakePeer peer;
  Ask ask = Ask::path({"random_number", "8"});
  ask.with(Option::proxy_scheme, "http").with(Option::uri_host, "127.0.0.1").with(Option::uri_port, 6065u).with(Option::uri_query, "a=b&c");
  (void)world.ask(peer, ask);
  ASSERT_EQ(world.asked.size(), 1u);
  EXPECT_EQ(to_text(world.asked[0].uri), "http://127.0.0.1:6065/random_number/8?a=b%26c");
  (void)world.ask(peer, Ask{}.mid(2).with(Option::proxy_scheme, "https").with(Option::uri_host, "example.org"));
  EXPECT_EQ(to_text(world.asked.at(1).uri), "https://example.org/");
}

TEST(EndpointProxy, ProxyUriTakesPrecedenceOverHostAndPort) {  // libcoap's client sends Uri-Port beside it
  ProxyWorld world;
  FakePeer peer;
  (void)world.ask(peer, ProxyWorld::get().with(Option::uri_host, "evil.example").with(Option::uri_port, 5684u));
  ASSERT_EQ(world.asked.size(), 1u);
  EXPECT_EQ(to_text(world.asked[0].uri), kPaper);
}

struct Refusal {
  Ask ask;
  Code code;
  std::string title;
};

TEST(EndpointProxy, RefusesAtOnce) {
  const Refusal cases[] = {
      {ProxyWorld::get("file:///etc/passwd"), code::kProxyingNotSupported, "unsupported"},
      {ProxyWorld::get("gopher://127.0.0.1:6379/_x"), code::kProxyingNotSupported, "unsupported"},
      {ProxyWorld::get("coap://127.0.0.1/random"), code::kProxyingNotSupported, "unsupported"},
      {ProxyWorld::get("http://user@127.0.0.1:6065/"), code::kBadOption, "malformed"},
      {ProxyWorld::get("http://127.1:6065/"), code::kBadOption, "malformed"},
      {ProxyWorld::get("/random"), code::kBadOption, "malformed"},
      {ProxyWorld::get().with(Option::uri_path, "x"), code::kBadOption, "malformed"},
      {ProxyWorld::get().with(Option::uri_query, "x"), code::kBadOption, "malformed"},
      {ProxyWorld::get().with(Option::proxy_scheme, "http"), code::kBadOption, "malformed"},
      {Ask{}.with(Option::proxy_scheme, "http"), code::kBadOption, "malformed"},
      {Ask{}.with(Option::proxy_scheme, "http").with(Option::uri_host, "a").with(Option::uri_port, 0u), code::kBadOption, "malformed"},
      {Ask{}.with(Option::proxy_scheme, "ftp").with(Option::uri_host, "a"), code::kProxyingNotSupported, "unsupported"},
      {ProxyWorld::get().with(Option{0x1002}, "unsafe"), code::kBadOption, "unsupported"},
      {ProxyWorld::get().with(Option{0x1001}, "critical"), code::kBadOption, "unsupported"},
      {ProxyWorld::get().with(Option::accept, 65'000u), code::kNotAcceptable, "unsupported"},
      {ProxyWorld::get().by(code::kPost), code::kMethodNotAllowed, "unsupported"},
      {ProxyWorld::get().by(code::kPut), code::kMethodNotAllowed, "unsupported"},
      {ProxyWorld::get().by(code::kDelete), code::kMethodNotAllowed, "unsupported"},
      {ProxyWorld::get().block(3, 4), code::kRequestEntityIncomplete, "not_found"},
  };
  for (const auto& [ask, expected, title] : cases) {
    ProxyWorld world;
    FakePeer peer;
    const Reply reply = world.ask(peer, ask);
    EXPECT_EQ(reply.view.code, expected);
    EXPECT_EQ(problem(reply), title);
    EXPECT_LE(reply.raw.size(), kUnverifiedAnswerBytes) << "an error may not amplify";
    EXPECT_TRUE(world.asked.empty());
    EXPECT_EQ(world.gate.debited, 0u);
  }
}

TEST(EndpointProxy, OptionsThatAreSafeToForwardAreIgnored) {
  ProxyWorld world;
  FakePeer peer;
  (void)world.ask(peer, ProxyWorld::get().with(Option{0x1000}, "safe").with(Option::hop_limit, 16u).with(Option::observe, 0u));
  ASSERT_EQ(world.asked.size(), 1u);
  const auto replies = world.fetched(peer, FakeForwarder::answer("x"));
  EXPECT_FALSE(replies.at(0).uint(Option::observe)) << "not registered (RFC 7641 2)";
  EXPECT_EQ(world.endpoint.observations(), 0u);
}

TEST(EndpointProxy, WithoutAForwarderOrOnAPlainChannelItIsNone) {
  World none;
  FakePeer peer;
  const Reply reply = none.ask(peer, ProxyWorld::get());
  EXPECT_EQ(reply.view.code, code::kProxyingNotSupported);
  EXPECT_EQ(problem(reply), "unsupported");
  ProxyWorld secure_only;
  FakePeer plain(2, false);
  EXPECT_EQ(secure_only.ask(plain, ProxyWorld::get()).view.code, code::kProxyingNotSupported);
  EXPECT_TRUE(secure_only.asked.empty());
}

TEST(EndpointProxy, APlainPeerProvesItsAddressFirst) {
  ProxyWorld world({}, true);
  FakePeer plain(2, false);
  const Reply challenge = world.ask(plain, ProxyWorld::get());
  EXPECT_EQ(challenge.view.code, code::kUnauthorized);
  EXPECT_TRUE(world.asked.empty());
  const Reply again = world.ask(plain, ProxyWorld::get().mid(2).with(Option::echo, Bytes{*challenge.bytes(Option::echo)}));
  EXPECT_TRUE(again.view.code.is_empty());
  EXPECT_EQ(world.asked.size(), 1u);
}

TEST(EndpointProxy, TheForwarderMayRefuse) {
  const std::tuple<Error, Code, std::string, bool> cases[] = {{Error::refused, code::kProxyingNotSupported, "refused", false},
                                                              {Error::no_space, code::kServiceUnavailable, "no_space", true}};
  for (const auto& [error, expected, title, retry] : cases) {
    ProxyWorld world;
    world.error = error;
    FakePeer peer;
    const Reply reply = world.ask(peer, ProxyWorld::get());
    EXPECT_EQ(reply.view.code, expected);
    EXPECT_EQ(reply.view.type, Type::ack) << "piggybacked";
    EXPECT_EQ(problem(reply), title);
    EXPECT_EQ(*reply.uint(Option::max_age) > 0, retry);
    EXPECT_EQ(world.endpoint.forwards(), 0u);
  }
}

TEST(EndpointProxy, FailedFetches) {
  const std::tuple<Error, Code, std::string> cases[] = {
      {Error::timeout, code::kGatewayTimeout, "timeout"},       {Error::refused, code::kProxyingNotSupported, "refused"},
      {Error::no_space, code::kServiceUnavailable, "no_space"}, {Error::too_large, code::kBadGateway, "too_large"},
      {Error::not_trusted, code::kBadGateway, "not_trusted"},   {Error::malformed, code::kBadGateway, "malformed"},
      {Error::unreachable, code::kBadGateway, "unreachable"},   {Error::io, code::kBadGateway, "unreachable"}};
  for (const auto& [error, expected, title] : cases) {
    ProxyWorld world;
    FakePeer peer;
    const Reply reply = world.whole(peer, ProxyWorld::get(), fail(error));
    EXPECT_EQ(reply.view.code, expected);
    EXPECT_EQ(problem(reply), title);
    EXPECT_EQ(world.gate.kept(), error == Error::too_large ? 65'536u : 0u) << title;
  }
}

// The origin may be this very server: what it drew for a request that is then refused is the client's to pay, or reservoirs could be
// emptied for nothing.
TEST(EndpointProxy, WhatWasFetchedForNothingIsDebited) {
  ProxyWorld world;
  FakePeer peer;
  FetchAnswer encoded = FakeForwarder::answer("0123456789");
  encoded.encoded = true;
  EXPECT_EQ(world.whole(peer, ProxyWorld::get(), std::move(encoded)).view.code, code::kBadGateway);
  EXPECT_EQ(world.gate.kept(), 10u);
  const Ask cbor = ProxyWorld::get().mid(2).with(Option::accept, 60u);
  EXPECT_EQ(world.whole(peer, cbor, FakeForwarder::answer("0123456789")).view.code, code::kNotAcceptable);
  EXPECT_EQ(world.gate.kept(), 20u);
  world.gate.holds = 1000;
  EXPECT_EQ(world.whole(peer, ProxyWorld::get().mid(3), fail(Error::too_large)).view.code, code::kBadGateway);
  EXPECT_EQ(world.gate.kept(), 1020u) << "all that there was";
  const auto fetches = world.asked.size();
  const Reply refused = world.ask(peer, ProxyWorld::get().mid(4));
  EXPECT_EQ(refused.view.code, code::kTooManyRequests);
  EXPECT_EQ(refused.uint(Option::max_age), 5u);
  EXPECT_EQ(world.asked.size(), fetches) << "an allowance that is used up buys no fetch";
  world.gate.holds = 5;
  EXPECT_EQ(world.whole(peer, ProxyWorld::get().mid(5), FakeForwarder::answer("0123456789")).view.code, code::kTooManyRequests);
  EXPECT_EQ(world.gate.holds, 0u);
}

TEST(EndpointProxy, ErrorsOfTheOrigin) {
  ProxyWorld world;
  FakePeer peer;
  FetchAnswer busy = FakeForwarder::answer("<html>secret of the origin</html>");
  busy.status = 503;
  busy.retry_after_seconds = 17;
  const Reply reply = world.whole(peer, ProxyWorld::get(), std::move(busy));
  EXPECT_EQ(reply.view.code, code::kServiceUnavailable);
  EXPECT_EQ(reply.uint(Option::max_age), 17u);
  EXPECT_EQ(problem(reply), "starved");
  const auto payload = reply.payload();
  EXPECT_EQ(std::string(payload.begin(), payload.end()).find("secret"), std::string::npos);
  FetchAnswer missing = FakeForwarder::answer("");
  missing.status = 404;
  EXPECT_EQ(world.whole(peer, ProxyWorld::get().mid(2), std::move(missing)).view.code, code::kNotFound);
  FetchAnswer encoded = FakeForwarder::answer("x");
  encoded.encoded = true;
  EXPECT_EQ(world.whole(peer, ProxyWorld::get().mid(3), std::move(encoded)).view.code, code::kBadGateway);
}

TEST(EndpointProxy, AcceptGoesToTheOriginAndIsHeld) {
  ProxyWorld world;
  FakePeer peer;
  const Reply good = world.whole(peer, ProxyWorld::get().with(Option::accept, 50u), FakeForwarder::answer("1"));
  EXPECT_EQ(world.asked[0].accept, "application/json");
  EXPECT_EQ(good.view.code, code::kContent);
  const Reply bad = world.whole(peer, ProxyWorld::get().mid(2).with(Option::accept, 60u), FakeForwarder::answer("1"));
  EXPECT_EQ(world.asked[1].accept, "application/cbor");
  EXPECT_EQ(bad.view.code, code::kNotAcceptable);
  FetchAnswer html = FakeForwarder::answer("<p>");
  html.content_type = "text/html";
  const Reply unknown = world.whole(peer, ProxyWorld::get().mid(3), std::move(html));
  EXPECT_EQ(unknown.view.code, code::kContent);
  EXPECT_FALSE(unknown.uint(Option::content_format));
}

TEST(EndpointProxy, TheGateIsAskedBeforeTheFetchAndDebitedBeforeTheAnswer) {
  ProxyWorld world;
  FakePeer peer;
  world.gate.decision = access::Decision::no(Error::forbidden);
  EXPECT_EQ(world.ask(peer, ProxyWorld::get()).view.code, code::kForbidden);
  EXPECT_TRUE(world.asked.empty());
  world.gate.decision = {};
  (void)world.ask(peer, ProxyWorld::get().mid(2));
  world.gate.decision = access::Decision::no(Error::over_quota, 9s);
  const auto replies = world.fetched(peer, FakeForwarder::answer("x"));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].view.code, code::kTooManyRequests);
  EXPECT_EQ(replies[0].uint(Option::max_age), 9u);
}

TEST(EndpointProxy, APeerThatClosesIsForgotten) {
  ProxyWorld world;
  FakePeer peer, other(2);
  (void)world.ask(peer, ProxyWorld::get());
  (void)world.ask(peer, ProxyWorld::get().mid(2));
  (void)world.ask(other, ProxyWorld::get());
  world.endpoint.on_closed(peer);
  EXPECT_EQ(world.cancelled, 2u);
  EXPECT_EQ(world.endpoint.forwards(), 1u);
  peer.sent.clear();
  EXPECT_EQ(world.fetched(other, FakeForwarder::answer("x")).size(), 1u);
  EXPECT_TRUE(peer.sent.empty());
}

TEST(EndpointProxy, ADestroyedEndpointIsCalledByNobody) {
  FakeForwarder forwarder;
  FakePeer peer;
  {
    World world({}, Proxy{.forwarder = &forwarder});
    (void)world.ask(peer, ProxyWorld::get());
  }
  EXPECT_EQ(forwarder.cancelled, 1u);
}

TEST(EndpointProxy, FourAPeerAndSoManyAWorker) {
  ProxyWorld world({.forwards = 5});
  FakePeer peer, other(2), third(3);
  for (std::uint16_t id = 1; id <= 4; ++id) EXPECT_TRUE(world.ask(peer, ProxyWorld::get().mid(id)).view.code.is_empty());
  const Reply fifth = world.ask(peer, ProxyWorld::get().mid(5));
  EXPECT_EQ(fifth.view.code, code::kTooManyRequests);
  EXPECT_EQ(fifth.uint(Option::max_age), 2u);
  EXPECT_TRUE(world.ask(other, ProxyWorld::get()).view.code.is_empty());
  const Reply full = world.ask(third, ProxyWorld::get());
  EXPECT_EQ(full.view.code, code::kServiceUnavailable);
  EXPECT_EQ(full.uint(Option::max_age), 2u);
  (void)world.fetched(other, FakeForwarder::answer("x"));
  EXPECT_TRUE(world.ask(third, ProxyWorld::get().mid(2)).view.code.is_empty()) << "there is room again";
}

TEST(EndpointProxy, OneConfirmableResponseAtATime) {  // NSTART, RFC 7252 4.7
  ProxyWorld world;
  FakePeer peer;
  for (std::uint8_t i = 1; i <= 3; ++i) (void)world.ask(peer, ProxyWorld::get().mid(i).named(i));
  peer.sent.clear();
  world.finish(2, FakeForwarder::answer("two"), world.now);
  world.finish(3, FakeForwarder::answer("three"), world.now);
  world.finish(1, FakeForwarder::answer("one"), world.now);
  auto sent = peer.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].payload(), buffer("two"));
  world.send_empty(peer, Type::ack, sent[0].view.id);
  sent = peer.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].payload(), buffer("one")) << "in the order of the requests";
  EXPECT_EQ(buffer(sent[0].view.token.span()), Buffer{1});
  world.send_empty(peer, Type::rst, sent[0].view.id);
  sent = peer.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].payload(), buffer("three"));
  world.send_empty(peer, Type::ack, sent[0].view.id);
  EXPECT_TRUE(peer.take().empty());
  EXPECT_EQ(world.endpoint.forwards(), 0u);
}

TEST(EndpointProxy, ASilentPeerGetsNoMore) {
  ProxyWorld world;
  FakePeer peer;
  for (std::uint8_t i = 1; i <= 3; ++i) (void)world.ask(peer, ProxyWorld::get().mid(i).named(i));
  world.finish(1, FakeForwarder::answer("one"), world.now);
  world.finish(2, FakeForwarder::answer("two"), world.now);
  world.pass(200s);
  EXPECT_EQ(world.cancelled, 1u) << "the third was still being fetched";
  EXPECT_EQ(world.endpoint.forwards(), 0u);
}

TEST(EndpointProxy, LargeBodiesInBlocks) {
  ProxyWorld world;
  FakePeer peer;
  std::string body;
  for (int i = 0; i < 3000; ++i) body += static_cast<char>('a' + i % 26);
  const Reply first = world.whole(peer, ProxyWorld::get(), FakeForwarder::answer(body));
  EXPECT_EQ(first.block2(), (Block{0, true, 6}));
  EXPECT_EQ(first.uint(Option::content_format), 50u);
  Buffer got = first.payload();
  for (std::uint32_t num = 1; num < 3; ++num) {
    const Reply next = world.ask(peer, ProxyWorld::get().mid(static_cast<std::uint16_t>(num + 1)).block(num, 6));
    EXPECT_EQ(next.view.code, code::kContent);
    EXPECT_EQ(next.bytes(Option::etag), first.bytes(Option::etag));
    EXPECT_EQ(next.uint(Option::content_format), 50u);
    EXPECT_EQ(next.block2()->more, num < 2);
    const Buffer part = next.payload();
    got.insert(got.end(), part.begin(), part.end());
  }
  EXPECT_EQ(got, buffer(body));
  EXPECT_EQ(world.asked.size(), 1u);
  EXPECT_EQ(world.gate.kept(), 3000u);
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
  EXPECT_EQ(world.ask(peer, ProxyWorld::get().mid(9).block(1, 6)).view.code, code::kRequestEntityIncomplete);
  (void)world.whole(peer, ProxyWorld::get().mid(10), FakeForwarder::answer(body));
  EXPECT_EQ(world.ask(peer, ProxyWorld::get("http://127.0.0.1:6065/other").mid(11).block(1, 6)).view.code, code::kRequestEntityIncomplete);
  EXPECT_EQ(world.ask(peer, ProxyWorld::get().mid(12).with(Option::accept, 50u).block(1, 6)).view.code, code::kRequestEntityIncomplete);
  EXPECT_EQ(world.ask(peer, ProxyWorld::get().mid(13).block(3, 6)).view.code, code::kBadRequest);
  EXPECT_EQ(world.ask(peer, Ask::random({"n=3000"}).mid(14).block(1, 6)).view.code, code::kRequestEntityIncomplete);
}

TEST(EndpointProxy, NoRoomForTheBody) {
  ProxyWorld world({.transfer_bytes = 2000});
  FakePeer peer;
  const Reply reply = world.whole(peer, ProxyWorld::get(), FakeForwarder::answer(std::string(3000, 'x')));
  EXPECT_EQ(reply.view.code, code::kServiceUnavailable);
  EXPECT_EQ(world.gate.kept(), 3000u) << "it was fetched";
}

TEST(EndpointProxy, NothingOfAFetchStaysInTheBuffers) {
  ProxyWorld world;
  FakePeer peer;
  (void)world.whole(peer, ProxyWorld::get(), FakeForwarder::answer("0123456789abcdef0123456789abcdef"));
  const Buffer wanted = buffer("0123456789abcdef");
  const Bytes memory = world.endpoint.exchanges().memory();
  EXPECT_EQ(std::search(memory.begin(), memory.end(), wanted.begin(), wanted.end()), memory.end());
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
}

}  // namespace
}  // namespace qeaas::coap::testing
