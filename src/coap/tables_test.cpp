// SPDX-License-Identifier: GPL-3.0-or-later
// The tables under the endpoint, each at its limits: exchange cache, deadline queue, slots, transfers, confirmable messages.
#include <random>
#include <set>

#include "coap/endpoint_fixture.hpp"

namespace qeaas::coap::testing {
namespace {

const TimePoint kStart = TimePoint{} + 1h;

void introduce(FakePeer& peer, std::uint64_t serial) { peer.coap_state().serial = serial; }

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; });
}

TEST(Exchanges, TheOldestMessageGoesWhenTheTableIsFull) {
  Exchanges cache(8, 4096);
  FakePeer peer;
  introduce(peer, 1);
  for (std::uint16_t id = 0; id < 9; ++id) cache.remember(peer, id, Buffer{static_cast<std::uint8_t>(id + 1)}, kStart);
  EXPECT_FALSE(cache.find(peer, 0, kStart));
  for (std::uint16_t id = 1; id < 9; ++id) EXPECT_EQ(buffer(*cache.find(peer, id, kStart)), Buffer{static_cast<std::uint8_t>(id + 1)});
  EXPECT_FALSE(cache.find(peer, 9, kStart));
  EXPECT_EQ(std::count_if(cache.memory().begin(), cache.memory().end(), [](auto b) { return b != 0; }), 8);
}

TEST(Exchanges, TheOldestAnswerGoesWhenTheBytesAreFull) {
  Exchanges cache(64, 2048);
  FakePeer peer;
  introduce(peer, 1);
  const Buffer answer(700, 0xaa);
  for (std::uint16_t id = 0; id < 3; ++id) cache.remember(peer, id, answer, kStart);
  EXPECT_TRUE(cache.find(peer, 0, kStart)->empty()) << "known, without its answer";
  EXPECT_EQ(cache.find(peer, 1, kStart)->size(), 700u);
  EXPECT_EQ(buffer(*cache.find(peer, 2, kStart)), answer);
}

TEST(Exchanges, AnAnswerBeyondTheRingIsNotKept) {
  Exchanges cache(8, 2048);
  FakePeer peer;
  introduce(peer, 1);
  cache.remember(peer, 1, Buffer(2049, 1), kStart);
  EXPECT_TRUE(cache.find(peer, 1, kStart)->empty());
  EXPECT_TRUE(all_zero(cache.memory()));
}

TEST(Exchanges, ForgetWipesOnePeerOnly) {
  Exchanges cache(16, 2048);
  FakePeer a(1), b(2);
  introduce(a, 1);
  introduce(b, 2);
  for (std::uint16_t id = 0; id < 5; ++id) {
    cache.remember(a, id, Buffer(8, 0xaa), kStart);
    cache.remember(b, id, Buffer(8, 0xbb), kStart);
  }
  cache.forget(a);
  EXPECT_EQ(std::count(cache.memory().begin(), cache.memory().end(), 0xaa), 0);
  EXPECT_EQ(std::count(cache.memory().begin(), cache.memory().end(), 0xbb), 40);
  EXPECT_EQ(cache.find(b, 4, kStart)->size(), 8u);
}

TEST(Exchanges, DeadlineIsThatOfTheOldestAnswer) {
  Exchanges cache(16, 2048);
  FakePeer peer;
  introduce(peer, 1);
  EXPECT_FALSE(cache.next_deadline());
  cache.remember(peer, 1, Buffer(8, 1), kStart);
  cache.remember(peer, 2, Buffer(8, 1), kStart + 10s);
  EXPECT_EQ(cache.next_deadline(), kStart + kMaxTransmitSpan + 1s);
  cache.expire(kStart + kMaxTransmitSpan);
  EXPECT_TRUE(cache.find(peer, 1, kStart + kMaxTransmitSpan)->empty());
  EXPECT_EQ(cache.next_deadline(), kStart + kMaxTransmitSpan + 11s);
  cache.expire(kStart + kExchangeLifetime + 10s);
  EXPECT_FALSE(cache.next_deadline());
  EXPECT_TRUE(all_zero(cache.memory()));
}

// The cache against a list that does the same slowly.
TEST(Exchanges, AgreesWithAModel) {
  struct Known {
    std::uint64_t peer;
    std::uint16_t id;
    Buffer answer;
    TimePoint at;
  };
  std::mt19937 random(1);
  Exchanges cache(32, 2048);
  std::array<FakePeer, 5> peers;
  for (std::size_t i = 0; i < peers.size(); ++i) introduce(peers[i], i + 1);
  std::vector<Known> model;
  TimePoint now = kStart;
  for (int step = 0; step < 50'000; ++step) {
    FakePeer& peer = peers[random() % peers.size()];
    const std::uint64_t serial = peer.coap_state().serial;
    const auto id = static_cast<std::uint16_t>(random() % 64);
    const auto found = cache.find(peer, id, now);
    const auto known = std::find_if(model.rbegin(), model.rend(), [&](const Known& k) { return k.peer == serial && k.id == id; });
    if (found) {
      ASSERT_NE(known, model.rend()) << "never remembered";
      ASSERT_LT(now - known->at, kExchangeLifetime);
      ASSERT_TRUE(found->empty() || buffer(*found) == known->answer);
    } else {
      // Forgotten only for age, or because 32 newer ones pushed it out.
      ASSERT_TRUE(known == model.rend() || now - known->at >= kExchangeLifetime || known - model.rbegin() >= 32);
      Buffer answer(random() % 100 == 0 ? 1280 : random() % 60, static_cast<std::uint8_t>(step | 1));
      cache.remember(peer, id, answer, now);
      model.push_back({serial, id, answer, now});
    }
    if (random() % 50 == 0) cache.forget(peer);
    if (random() % 10 == 0) cache.expire(now += std::chrono::seconds(random() % 40));
  }
  cache.expire(now + kExchangeLifetime);
  EXPECT_TRUE(all_zero(cache.memory()));
}

TEST(Deadlines, AgreesWithAModel) {
  std::mt19937 random(2);
  Deadlines deadlines;
  std::map<std::uint32_t, TimePoint> model;
  for (int step = 0; step < 20'000; ++step) {
    const auto slot = static_cast<std::uint32_t>(random() % 40);
    if (random() % 3 == 0) {
      deadlines.clear(slot);
      model.erase(slot);
    } else {
      const TimePoint at = kStart + std::chrono::milliseconds(random() % 1000);
      deadlines.set(slot, at);
      model[slot] = at;
      ASSERT_EQ(deadlines.at(slot), at);
    }
    const auto least = std::min_element(model.begin(), model.end(), [](auto& a, auto& b) { return a.second < b.second; });
    ASSERT_EQ(deadlines.earliest().has_value(), least != model.end());
    if (least == model.end()) continue;
    ASSERT_EQ(*deadlines.earliest(), least->second);
    ASSERT_EQ(deadlines.due(least->second - 1ns), kNoSlot);
    ASSERT_EQ(model.at(deadlines.due(least->second)), least->second);
  }
}

TEST(Slots, AreUsedAgainAndBounded) {
  Slots<int> slots(3);
  std::set<std::uint32_t> numbers;
  for (int i = 0; i < 3; ++i) numbers.insert(slots.insert(i));
  EXPECT_EQ(numbers.size(), 3u);
  EXPECT_TRUE(slots.full());
  EXPECT_EQ(slots.insert(9), kNoSlot);
  slots.erase(*numbers.begin());
  EXPECT_EQ(slots.insert(7), *numbers.begin());
  EXPECT_EQ(slots[*numbers.begin()], 7);
}

TEST(Transfers, RefuseWhatDoesNotFit) {
  Transfers transfers(2, 1000);
  FakePeer a(1), b(2);
  EXPECT_NE(transfers.keep(a, {}, {}, SecretBytes(600), kStart), nullptr);
  EXPECT_EQ(transfers.keep(b, {}, {}, SecretBytes(401), kStart), nullptr);
  EXPECT_NE(transfers.keep(a, {}, {}, SecretBytes(1000), kStart), nullptr) << "in place of its own";
  EXPECT_EQ(transfers.bytes(), 1000u);
  transfers.drop(a);
  transfers.drop(a);
  EXPECT_EQ(transfers.bytes(), 0u);
  EXPECT_EQ(transfers.size(), 0u);
}

TEST(Outstanding, OneAPeerAndBounded) {
  Outstanding outstanding(1);
  FakePeer a(1), b(2);
  EXPECT_TRUE(outstanding.start(a, 1, Buffer{1}, kNoSlot, 0, kStart));
  EXPECT_FALSE(outstanding.start(a, 2, Buffer{1}, kNoSlot, 0, kStart));
  EXPECT_FALSE(outstanding.start(b, 1, Buffer{1}, kNoSlot, 0, kStart));
  outstanding.finish(a);
  outstanding.finish(a);
  EXPECT_TRUE(outstanding.start(b, 1, Buffer{1}, kNoSlot, 1000, kStart));
  EXPECT_EQ(outstanding.next_deadline(), kStart + kAckTimeout + kAckRandomSpan);
}

TEST(Answers, BlockSizeFitsTheWorstAnswer) {
  for (std::size_t datagram = 64; datagram <= kMaxDatagramBytes; ++datagram) {
    const BlockWish wish{fitting_szx(datagram), true, true};
    const Buffer body(65536);
    Answer answer = block_of(body, 16 * 1024, format::kProblemDetailsCbor, wish);
    answer.etag = Etag{};
    answer.observe = 0xffffff;
    answer.max_age_seconds = 0xffffffff;
    Buffer into(datagram);
    ASSERT_TRUE(write_answer(into, Type::con, 1, *Token::of(Buffer(8)), answer)) << datagram;
  }
}

TEST(Observations, NumbersOfTheSameMillisecondStillRise) {
  Observations observations(4);
  FakePeer peer;
  Observation wanted;
  const std::uint32_t slot = observations.put(peer, wanted, kStart);
  const std::uint32_t first = observations.next_number(slot, kStart);
  EXPECT_EQ(observations.next_number(slot, kStart), first + 1);
  EXPECT_EQ(observations.next_number(slot, kStart + 1000ms), first + 1000);
  EXPECT_LT(observations.next_number(slot, kStart + 10h), 1u << 24);
}

}  // namespace
}  // namespace qeaas::coap::testing
