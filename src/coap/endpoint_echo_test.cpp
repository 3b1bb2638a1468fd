// SPDX-License-Identifier: GPL-3.0-or-later
// Echo (RFC 9175): what a plain address gets before and after it proved itself; and EchoGuard by itself.
#include "coap/endpoint_fixture.hpp"

namespace qeaas::coap::testing {
namespace {

Reply expect_challenge(World& world, FakePeer& peer, const Ask& request) {
  const Reply reply = world.ask(peer, request);
  EXPECT_EQ(reply.view.code, code::kUnauthorized);
  EXPECT_EQ(reply.bytes(Option::echo).value_or(Buffer{}).size(), kEchoBytes);
  EXPECT_TRUE(reply.view.payload.empty());
  EXPECT_LE(reply.raw.size(), kAmplificationFactor * request.encode().size());
  return reply;
}

TEST(EndpointEcho, SmallAnswersNeedNoProof) {
  World world;
  FakePeer peer(1, false);
  EXPECT_EQ(world.ask(peer, Ask::random()).view.code, code::kContent);
  const Reply largest = world.ask(peer, Ask::random({"n=101"}).mid(2));
  EXPECT_EQ(largest.view.code, code::kContent);
  EXPECT_LE(largest.raw.size(), kUnverifiedAnswerBytes);
}

TEST(EndpointEcho, LargeAnswersAre) {
  const Ask requests[] = {Ask::random({"n=102"}),
                          Ask::random({"n=65536"}).block(0, 0),
                          Ask::random().with(Option::accept, 50u),
                          Ask::random().with(Option::observe, 0u),
                          Ask::path({"sources"}),
                          Ask::path({"health"}),
                          Ask::path({".well-known", "core"})};
  for (const Ask& request : requests) {
    World world;
    FakePeer peer(1, false);
    const Reply challenge = expect_challenge(world, peer, request);
    EXPECT_EQ(world.draw.draws, 0u);
    EXPECT_EQ(world.gate.asked, 0u) << "a spoofed request may not use up its victim's allowance";
    Ask again = request;
    const Reply answer = world.ask(peer, again.mid(2).with(Option::echo, Bytes{*challenge.bytes(Option::echo)}));
    EXPECT_EQ(answer.view.code, code::kContent);
    EXPECT_EQ(world.ask(peer, Ask(request).mid(3)).view.code, code::kContent) << "the address is known now";
  }
}

TEST(EndpointEcho, ALongRequestEarnsALongAnswer) {
  World world;
  FakePeer peer(1, false);
  const std::string filler(200, 'h');
  EXPECT_EQ(world.ask(peer, Ask::random({"n=500"}).with(Option::uri_host, filler)).view.code, code::kContent);
  (void)expect_challenge(world, peer, Ask::random({"n=700"}).mid(2).with(Option::uri_host, filler));
}

TEST(EndpointEcho, AShortDuplicateFetchesNoLongAnswer) {
  World world;
  FakePeer peer(1, false);
  const Ask request = Ask::random({"n=500"}).with(Option::uri_host, std::string(200, 'h'));
  const Reply answer = world.ask(peer, request);
  EXPECT_TRUE(world.give(peer, Ask::random().encode()).empty());
  EXPECT_EQ(world.ask(peer, request).raw, answer.raw);
  EXPECT_EQ(world.draw.draws, 1u);
}

TEST(EndpointEcho, SecurePeersAreNeverAsked) {
  World world;
  FakePeer peer(1, true);
  EXPECT_EQ(world.ask(peer, Ask::random({"n=1024"})).view.code, code::kContent);
  EXPECT_EQ(world.endpoint.counters().challenges.get(), 0u);
}

TEST(EndpointEcho, ChallengesLeaveNoState) {
  World world;
  FakePeer peer(1, false);
  const Ask request = Ask::random({"n=1000"});
  const Reply first = expect_challenge(world, peer, request);
  // The same message again, now with the proof: it was not answered before, so it is answered now.
  EXPECT_EQ(world.ask(peer, Ask(request).with(Option::echo, Bytes{*first.bytes(Option::echo)})).view.code, code::kContent);
  EXPECT_EQ(world.endpoint.counters().challenges.get(), 1u);
  EXPECT_EQ(world.endpoint.counters().refusals.get(), 0u);
}

TEST(EndpointEcho, OfAnotherAddressOrStaleOrForged) {
  World world;
  FakePeer a(1, false), b(2, false);
  const Ask request = Ask::random({"n=1000"});
  Buffer value = *expect_challenge(world, a, request).bytes(Option::echo);
  (void)expect_challenge(world, b, Ask(request).mid(2).with(Option::echo, Bytes{value}));
  world.pass(61s);
  (void)expect_challenge(world, a, Ask(request).mid(3).with(Option::echo, Bytes{value}));
  value = *expect_challenge(world, a, Ask(request).mid(4)).bytes(Option::echo);
  value.back() ^= 1;
  (void)expect_challenge(world, a, Ask(request).mid(5).with(Option::echo, Bytes{value}));
  (void)expect_challenge(world, a, Ask(request).mid(6).with(Option::echo, "short"));
  EXPECT_EQ(world.draw.draws, 0u);
}

TEST(EndpointEcho, AProofLastsTenMinutes) {
  World world;
  FakePeer peer(1, false);
  const Ask request = Ask::random({"n=1000"});
  const Reply challenge = expect_challenge(world, peer, request);
  (void)world.ask(peer, Ask(request).mid(2).with(Option::echo, Bytes{*challenge.bytes(Option::echo)}));
  world.pass(kAddressLifetime - 1s);
  EXPECT_EQ(world.ask(peer, Ask(request).mid(3)).view.code, code::kContent);
  world.pass(1s);
  (void)expect_challenge(world, peer, Ask(request).mid(4));
}

constexpr std::array<std::uint8_t, 32> kKey{9, 9, 9};
const std::array<std::uint8_t, 6> kHere{1, 2, 3, 4, 5, 6};

EchoGuard guard(std::size_t addresses = 64) { return EchoGuard(Secret<32>(std::span(kKey)), addresses); }

TEST(EchoGuard, ValuesSurviveOneTurnOfKeysAndNoMore) {
  EchoGuard echo = guard();
  TimePoint now = TimePoint{} + 1h;
  (void)echo.challenge(kHere, now);
  now += kEchoKeyLifetime - 1s;
  const auto value = echo.challenge(kHere, now);
  EXPECT_TRUE(echo.accept(kHere, value, now + 30s)) << "made with the previous key";
  EchoGuard other = guard();
  EXPECT_TRUE(other.accept(kHere, other.challenge(kHere, now), now + kEchoFreshness));
  EXPECT_FALSE(other.accept(kHere, other.challenge(kHere, now), now + kEchoFreshness + 1s));
  EXPECT_FALSE(other.accept(kHere, other.challenge(kHere, now + 2s), now)) << "from the future";
  const auto old = echo.challenge(kHere, now);
  EXPECT_FALSE(echo.accept(kHere, old, now + 24h));
}

TEST(EchoGuard, NoKeyIsAllZeros) {
  EchoGuard zero(Secret<32>{}, 64);
  EchoGuard echo = guard();
  const TimePoint now = TimePoint{} + 1h;
  EXPECT_FALSE(echo.accept(kHere, zero.challenge(kHere, now), now));
}

TEST(EchoGuard, TheMemoryOfAddressesIsBounded) {
  EchoGuard echo = guard(4);
  const TimePoint now = TimePoint{} + 1h;
  std::array<std::uint8_t, 6> address = kHere;
  for (std::uint8_t i = 0; i < 20; ++i) {
    address[5] = i;
    const TimePoint at = now + std::chrono::seconds(i);
    ASSERT_TRUE(echo.accept(address, echo.challenge(address, at), at));
    ASSERT_TRUE(echo.accept(address, echo.challenge(address, at), at)) << "twice takes one place";
  }
  int known = 0;
  for (std::uint8_t i = 0; i < 20; ++i) {
    address[5] = i;
    known += echo.verified(address, now + 20s) ? 1 : 0;
  }
  EXPECT_EQ(known, 4);
  EXPECT_TRUE(echo.verified(address, now + 20s)) << "the newest stays";
}

TEST(EchoGuard, AddressesBeyondTheLimitProveNothing) {
  EchoGuard echo = guard();
  const TimePoint now = TimePoint{} + 1h;
  const Buffer address(kMaxAddressBytes + 1, 1);
  EXPECT_FALSE(echo.accept(address, echo.challenge(address, now), now));
  EXPECT_FALSE(echo.accept({}, echo.challenge({}, now), now));
}

}  // namespace
}  // namespace qeaas::coap::testing
