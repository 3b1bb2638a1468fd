// SPDX-License-Identifier: GPL-3.0-or-later
// Observe (RFC 7641): pace, new draws, confirmations, and every way in which an observation ends.
#include "coap/endpoint_fixture.hpp"

namespace qeaas::coap::testing {
namespace {

Ask observe(std::initializer_list<std::string_view> query = {}) { return Ask::random(query).with(Option::observe, 0u); }

// later is RFC 7641 3.4 without the clock.
bool later(std::uint32_t a, std::uint32_t b) { return ((b - a) & 0xffffff) != 0 && ((b - a) & 0xffffff) < (1u << 23); }

void acknowledge(World& world, FakePeer& peer, const std::vector<Reply>& replies) {
  for (const Reply& reply : replies)
    if (reply.view.type == Type::con) world.send_empty(peer, Type::ack, reply.view.id);
}

// tick passes one period and returns what came, acknowledged.
std::vector<Reply> tick(World& world, FakePeer& peer, Clock::duration every) {
  world.pass(every);
  auto replies = peer.take();
  acknowledge(world, peer, replies);
  return replies;
}

TEST(EndpointObserve, EachNotificationIsANewDrawAtItsPace) {
  World world;
  FakePeer peer;
  const Reply first = world.ask(peer, observe({"every=10", "n=16"}));
  EXPECT_EQ(first.view.type, Type::ack);
  ASSERT_TRUE(first.uint(Option::observe));
  EXPECT_EQ(first.payload(), FakeDraw::bytes(1, 16));
  std::uint32_t number = *first.uint(Option::observe);
  world.pass(9999ms);
  EXPECT_TRUE(peer.sent.empty());
  world.pass(1ms);
  for (std::uint64_t k = 2; k < 30; ++k) {
    const auto replies = k == 2 ? peer.take() : tick(world, peer, 10s);
    if (k == 2) acknowledge(world, peer, replies);
    ASSERT_EQ(replies.size(), 1u) << k;
    EXPECT_EQ(replies[0].payload(), FakeDraw::bytes(k, 16));
    EXPECT_EQ(buffer(replies[0].view.token.span()), Buffer{0x42});
    EXPECT_EQ(replies[0].uint(Option::max_age), 0u);
    EXPECT_TRUE(later(number, replies[0].uint(Option::observe).value_or(0)));
    number = replies[0].uint(Option::observe).value_or(0);
  }
  EXPECT_EQ(world.gate.debited, 29u * 16);
}

TEST(EndpointObserve, DefaultPaceIsSixtySeconds) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe());
  EXPECT_TRUE(tick(world, peer, 59s).empty());
  EXPECT_EQ(tick(world, peer, 1s).size(), 1u);
}

TEST(EndpointObserve, EveryFifthIsConfirmable) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=5"}));
  std::string types;
  for (int i = 0; i < 12; ++i) types += tick(world, peer, 5s).at(0).view.type == Type::con ? 'C' : 'n';
  EXPECT_EQ(types, "CnnnnCnnnnCn");
}

TEST(EndpointObserve, OnceADayIsConfirmable) {  // RFC 7641 4.5
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=43200"}));
  std::string types;
  for (int i = 0; i < 6; ++i) types += tick(world, peer, 12h).at(0).view.type == Type::con ? 'C' : 'n';
  EXPECT_EQ(types, "CnCnCn");
}

TEST(EndpointObserve, KeepsTheContentFormat) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=5"}).with(Option::accept, 60u));
  const auto replies = tick(world, peer, 5s);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].uint(Option::content_format), format::kCbor);
  EXPECT_EQ(buffer(decode_random_answer(AnswerFormat::cbor, replies[0].view.payload)->random.span()), FakeDraw::bytes(2, 32));
}

TEST(EndpointObserve, DeregistrationAnswersOnceMore) {  // RFC 7641 3.6
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=5"}));
  (void)world.ask(peer, Ask::random({"every=5"}).mid(2).named(9).with(Option::observe, 1u));
  EXPECT_EQ(world.endpoint.observations(), 1u) << "another token";
  const Reply last = world.ask(peer, Ask::random({"every=5"}).mid(3).with(Option::observe, 1u));
  EXPECT_EQ(last.payload(), FakeDraw::bytes(3, 32));
  EXPECT_FALSE(last.uint(Option::observe));
  EXPECT_EQ(world.endpoint.observations(), 0u);
  EXPECT_TRUE(tick(world, peer, 60s).empty());
}

TEST(EndpointObserve, DeregistrationStopsRetransmission) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=60"}));
  world.pass(60s);
  ASSERT_EQ(peer.take().at(0).view.type, Type::con);
  (void)world.ask(peer, Ask::random().mid(3).with(Option::observe, 1u));
  EXPECT_TRUE(tick(world, peer, 50s).empty());
}

TEST(EndpointObserve, ResetOfEitherKindEndsIt) {
  for (const int notifications : {1, 2}) {  // the first is a CON, the second a NON
    World world;
    FakePeer peer;
    (void)world.ask(peer, observe({"every=5"}));
    (void)world.ask(peer, observe({"every=500"}).mid(2).named(7));
    std::uint16_t id = 0;
    for (int i = 0; i < notifications; ++i) {
      world.pass(5s);
      const auto replies = peer.take();
      id = replies.at(0).view.id;
      if (i + 1 < notifications) acknowledge(world, peer, replies);
    }
    world.send_empty(peer, Type::rst, static_cast<std::uint16_t>(id + 1));
    EXPECT_EQ(world.endpoint.observations(), 2u) << "a reset of something else";
    world.send_empty(peer, Type::rst, id);
    EXPECT_EQ(world.endpoint.observations(), 1u);
    EXPECT_EQ(world.endpoint.counters().observers_lost.get(), 1u);
    EXPECT_TRUE(tick(world, peer, 60s).empty());
  }
}

TEST(EndpointObserve, SilentPeerIsRetransmittedToAndThenRemoved) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=200"}));
  (void)world.ask(peer, observe({"every=2000"}).mid(2).named(7));
  world.pass(200s);
  std::vector<Reply> copies = peer.take();
  ASSERT_EQ(copies.size(), 1u);
  std::vector<TimePoint> times{world.now};
  while (world.endpoint.counters().observers_lost.get() == 0) {
    world.now = *world.endpoint.next_deadline();
    world.endpoint.on_timer(world.now);
    for (const Reply& copy : peer.take()) {
      EXPECT_EQ(copy.raw, copies[0].raw);
      times.push_back(world.now);
    }
  }
  ASSERT_EQ(times.size(), 1u + kMaxRetransmit);
  const auto first = times[1] - times[0];
  EXPECT_GE(first, kAckTimeout);
  EXPECT_LE(first, kAckTimeout + kAckRandomSpan);
  for (std::size_t i = 2; i < times.size(); ++i) EXPECT_EQ(times[i] - times[i - 1], first * (1 << (i - 1)));
  EXPECT_EQ(world.now - times[4], first * 16);  // MAX_TRANSMIT_WAIT
  EXPECT_EQ(world.endpoint.observations(), 0u) << "all of a dead peer's observations";
  EXPECT_EQ(world.endpoint.counters().observers_lost.get(), 2u);
  EXPECT_EQ(world.endpoint.counters().retransmissions.get(), kMaxRetransmit);
  EXPECT_EQ(world.draw.draws, 3u);
}

TEST(EndpointObserve, NothingIsDrawnWhileAConfirmationIsAwaited) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=1"}));
  world.pass(1s);
  const std::vector<Reply> first = peer.take();
  world.pass(5s);
  for (const Reply& copy : peer.take()) EXPECT_EQ(copy.raw, first.at(0).raw);
  EXPECT_EQ(world.draw.draws, 2u);
  acknowledge(world, peer, first);
  EXPECT_EQ(tick(world, peer, 1s).size(), 1u);
  EXPECT_EQ(world.draw.draws, 3u);
}

TEST(EndpointObserve, OneConfirmableMessageAPeer) {  // NSTART = 1
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=1000"}));
  (void)world.ask(peer, observe({"every=1000"}).mid(2).named(7));
  world.pass(1000s);
  ASSERT_EQ(peer.sent.size(), 1u);
  acknowledge(world, peer, peer.take());
  const auto next = tick(world, peer, 1000s);
  ASSERT_EQ(next.size(), 2u);
  EXPECT_NE(next[0].view.type, next[1].view.type);
}

TEST(EndpointObserve, RegisteringAgainReplaces) {  // RFC 7641 4.1
  World world;
  FakePeer peer;
  const Reply first = world.ask(peer, observe({"every=100", "n=8"}));
  const Reply again = world.ask(peer, observe({"every=10", "n=9"}).mid(2));
  EXPECT_TRUE(later(*first.uint(Option::observe), *again.uint(Option::observe))) << "in the same millisecond";
  EXPECT_EQ(world.endpoint.observations(), 1u);
  EXPECT_EQ(tick(world, peer, 10s).at(0).payload().size(), 9u);
}

TEST(EndpointObserve, DuplicateRegistrationIsOne) {
  World world;
  FakePeer peer;
  const Reply first = world.ask(peer, observe());
  EXPECT_EQ(world.ask(peer, observe()).raw, first.raw);
  EXPECT_EQ(world.endpoint.observations(), 1u);
}

TEST(EndpointObserve, AtMostFourAPeer) {
  World world;
  FakePeer peer;
  for (std::uint8_t i = 0; i < 5; ++i) {
    const Reply reply = world.ask(peer, observe().mid(i).named(i));
    EXPECT_EQ(reply.view.code, code::kContent);
    EXPECT_EQ(reply.uint(Option::observe).has_value(), i < 4) << "the fifth is answered as a plain GET";
  }
  EXPECT_EQ(world.endpoint.observations(), 4u);
  EXPECT_TRUE(world.ask(peer, observe().mid(9).named(2)).uint(Option::observe)) << "replacing needs no room";
}

TEST(EndpointObserve, AtMostSoManyInAll) {
  World world(Limits{.observations = 2});
  FakePeer a(1), b(2), c(3);
  EXPECT_TRUE(world.ask(a, observe()).uint(Option::observe));
  EXPECT_TRUE(world.ask(b, observe()).uint(Option::observe));
  EXPECT_FALSE(world.ask(c, observe()).uint(Option::observe));
  world.endpoint.on_closed(a);
  EXPECT_TRUE(world.ask(c, observe().mid(2)).uint(Option::observe));
}

TEST(EndpointObserve, RefusedRegistrationIsNone) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe());
  world.draw.error = Error::starved;
  const Reply refused = world.ask(peer, observe().mid(2));
  EXPECT_EQ(refused.view.code, code::kServiceUnavailable);
  EXPECT_FALSE(refused.uint(Option::observe));
  EXPECT_EQ(world.endpoint.observations(), 0u);
}

TEST(EndpointObserve, ErrorIsTheLastNotification) {  // RFC 7641 4.2
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=5"}));
  world.gate.decision = access::Decision::no(Error::over_quota, 9s);
  const auto replies = tick(world, peer, 5s);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].view.type, Type::con);
  EXPECT_EQ(replies[0].view.code, code::kTooManyRequests);
  EXPECT_EQ(replies[0].uint(Option::max_age), 9u);
  EXPECT_FALSE(replies[0].uint(Option::observe));
  EXPECT_EQ(world.endpoint.observations(), 0u);
  EXPECT_TRUE(tick(world, peer, 100s).empty());
}

TEST(EndpointObserve, LastNotificationIsResetOrUnanswered) {
  for (const bool reset : {true, false}) {
    World world;
    FakePeer peer;
    (void)world.ask(peer, observe({"every=5"}));
    world.draw.error = Error::alarmed;
    world.pass(5s);
    const auto replies = peer.take();
    if (reset) world.send_empty(peer, Type::rst, replies.at(0).view.id);
    world.pass(100s);
    EXPECT_EQ(peer.sent.size(), reset ? 0u : kMaxRetransmit);
    EXPECT_EQ(world.endpoint.counters().observers_lost.get(), 0u);
    EXPECT_FALSE(world.endpoint.next_deadline());
  }
}

TEST(EndpointObserve, LargeNotificationStartsATransfer) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=5", "n=2500"}));
  const auto replies = tick(world, peer, 5s);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].block2(), (Block{0, true, 6}));
  const auto etag = replies[0].bytes(Option::etag);
  Buffer body = replies[0].payload();
  for (std::uint32_t num = 1; num < 3; ++num) {
    const Reply block = world.ask(peer, Ask::random({"every=5", "n=2500"}).mid(static_cast<std::uint16_t>(num + 5)).block(num, 6));
    EXPECT_EQ(block.bytes(Option::etag), etag);
    EXPECT_FALSE(block.uint(Option::observe));
    body.insert(body.end(), block.view.payload.begin(), block.view.payload.end());
  }
  EXPECT_EQ(body, FakeDraw::bytes(2, 2500));
}

TEST(EndpointObserve, LateTimerMakesUpForNothing) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=5"}));
  (void)tick(world, peer, 5s);  // the CON; what follows could be sent at once
  world.now += 100s;
  world.endpoint.on_timer(world.now);
  EXPECT_EQ(peer.sent.size(), 1u);
  EXPECT_EQ(world.endpoint.next_deadline(), world.now + 5s);
}

TEST(EndpointObserve, AnAckOfSomethingElseConfirmsNothing) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=200"}));
  world.pass(200s);
  const std::uint16_t id = peer.take().at(0).view.id;
  world.send_empty(peer, Type::ack, static_cast<std::uint16_t>(id + 1));
  world.pass(3s);
  EXPECT_EQ(peer.take().size(), 1u) << "retransmitted";
  world.send_empty(peer, Type::ack, id);
  world.pass(100s);
  EXPECT_TRUE(peer.sent.empty());
}

TEST(EndpointObserve, ClosedPeerIsNotNotified) {
  World world;
  FakePeer peer;
  (void)world.ask(peer, observe({"every=5"}));
  world.pass(5s);
  world.endpoint.on_closed(peer);
  peer.sent.clear();
  EXPECT_TRUE(tick(world, peer, 100s).empty());
  EXPECT_FALSE(world.endpoint.next_deadline());
}

TEST(EndpointObserve, OtherValuesAreAPlainGet) {
  World world;
  FakePeer peer;
  EXPECT_FALSE(world.ask(peer, Ask::random().with(Option::observe, 2u)).uint(Option::observe));
  EXPECT_FALSE(world.ask(peer, Ask::path({"sources"}).mid(2).with(Option::observe, 0u)).uint(Option::observe));
  EXPECT_EQ(world.endpoint.observations(), 0u);
}

}  // namespace
}  // namespace qeaas::coap::testing
