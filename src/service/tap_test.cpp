// SPDX-License-Identifier: GPL-3.0-or-later
// The direct draw: policies, min_sources, errors that leave nothing behind, exact provenance.
#include "service/tap.hpp"

#include "service/service_fixture.hpp"

namespace qeaas {

class TapProbe {
 public:
  explicit TapProbe(Tap& tap) : tap_(tap) {}
  void survey() { tap_.survey(); }
  bool gather(MutableBytes out) { return tap_.gather(out); }
  Status conclude(bool gathered, Provenance& provenance) { return tap_.conclude(gathered, 1, provenance); }

 private:
  Tap& tap_;
};

namespace {

using namespace test;

class TapTest : public ServiceTest {};

TEST_F(TapTest, OneSourceGivesItsBlocksInOrderAndTheRestOfABlockIsNotKept) {
  add("a");
  start_healthy();
  const auto blocks = worker_blocks(0);
  EXPECT_EQ(drawn(32), blocks[0]);
  EXPECT_EQ(named(), Ids{"a"});
  EXPECT_FALSE(provenance.simulated());
  auto forty = blocks[1];
  forty.insert(forty.end(), blocks[2].begin(), blocks[2].begin() + 8);
  EXPECT_EQ(drawn(40), forty);
  EXPECT_EQ(drawn(32), blocks[3]);
  EXPECT_EQ(service->status()[0].bits_served, 4 * kBlockBits);
}

TEST_F(TapTest, CombineHashesOneBlockOfEverySourceInOrder) {
  add("a");
  add("b", SourceKind::quantum);
  add("c", SourceKind::simulated);
  start_healthy();
  const auto a = worker_blocks(0);
  const auto b = worker_blocks(1);
  const auto c = worker_blocks(2);
  auto expected = combined({a[0], b[0], c[0]});
  const auto second = combined({a[1], b[1], c[1]});
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(drawn(64), expected);
  EXPECT_EQ(named(), (Ids{"a", "b", "c"}));
  EXPECT_TRUE(provenance.simulated());
}

TEST_F(TapTest, CombineGoesOnWithTheSourcesThatHaveABlock) {
  add("a");
  add("b");
  start();
  scripts[0]->feed(3 * kStartup);
  scripts[1]->feed(kStartup);
  scripts[1]->feed(1);
  const auto a = worker_blocks(0);
  const auto b = worker_blocks(1);
  ASSERT_LT(b.size() + 1, a.size());
  const auto all = drawn((b.size() + 1) * kBlockBytes);
  for (std::size_t i = 0; i <= b.size(); ++i) {
    const auto block = Bytes(all).subspan(i * kBlockBytes, kBlockBytes);
    EXPECT_EQ(std::vector(block.begin(), block.end()), i < b.size() ? combined({a[i], b[i]}) : a[i]);
  }
  EXPECT_EQ(named(), (Ids{"a", "b"}));
  drawn(32);
  EXPECT_EQ(named(), Ids{"a"});
}

TEST_F(TapTest, MinSourcesHoldsForEveryBlockAndNothingIsConsumedByARefusal) {
  options.min_sources = 2;
  add("a");
  add("b");
  start();
  scripts[0]->feed(3 * kStartup);
  scripts[1]->feed(kStartup);
  scripts[1]->feed(1);
  const auto b = worker_blocks(1);
  const auto before = ready_blocks(0);
  EXPECT_EQ(failing((b.size() + 1) * kBlockBytes), Error::starved);
  EXPECT_EQ(ready_blocks(0), before);
  EXPECT_EQ(service->status()[0].bits_served, 0U);
  drawn(b.size() * kBlockBytes);
  EXPECT_EQ(failing(1), Error::starved);
}

TEST_F(TapTest, AnAlarmedSourceIsLeftOutAndItsBlocksAreGone) {
  add("a");
  add("b");
  start_healthy();
  raise_alarm(0);
  EXPECT_EQ(drawn(32), worker_blocks(1)[0]);
  EXPECT_EQ(named(), Ids{"b"});
  EXPECT_EQ(ready_blocks(0), 0U);
}

TEST_F(TapTest, AnAlarmAfterTheBlocksWereTakenStillStopsTheDraw) {
  add("a");
  add("b");
  start_healthy();
  TapProbe draw(service->tap(0));
  Block out{};
  draw.survey();
  ASSERT_TRUE(draw.gather(out));
  raise_alarm(1);
  EXPECT_EQ(draw.conclude(true, provenance).error(), Error::starved);
  EXPECT_TRUE(provenance.sources().empty());
  EXPECT_EQ(service->status()[0].bits_served, 0U);
}

TEST_F(TapTest, AnAlarmBeforeTheBlocksAreTakenStopsTheDraw) {
  add("a");
  add("b");
  start_healthy();
  TapProbe draw(service->tap(0));
  Block out{};
  draw.survey();
  raise_alarm(1);
  EXPECT_FALSE(draw.gather(out));
  EXPECT_EQ(draw.conclude(false, provenance).error(), Error::starved);
}

TEST_F(TapTest, AlarmedWhenEverySourceIs) {
  add("a");
  add("b");
  start_healthy();
  raise_alarm(0);
  raise_alarm(1);
  EXPECT_EQ(failing(32), Error::alarmed);
  EXPECT_EQ(failing(32, EntropyType::mixed), Error::alarmed);
  EXPECT_EQ(failing(32, EntropyType::drbg), Error::alarmed);
}

TEST_F(TapTest, TooFewHealthySourcesAreAnErrorEvenIfOneHasBlocks) {
  options.min_sources = 2;
  add("a");
  add("b");
  start_healthy();
  raise_alarm(0);
  EXPECT_EQ(failing(32), Error::starved);
}

TEST_F(TapTest, StartingAndVanishedSourcesStarve) {
  auto& a = add("a");
  start();
  ASSERT_TRUE(reaches(0, SourceState::starting));
  EXPECT_EQ(failing(32), Error::starved);
  a.feed(2 * kStartup);
  drawn(32);
  a.vanish();
  ASSERT_TRUE(reaches(0, SourceState::gone));
  EXPECT_GT(ready_blocks(0), 0U);
  EXPECT_EQ(failing(32), Error::starved);  // blocks are there, but nobody vouches for the source
}

TEST_F(TapTest, LeastLoadedTakesFromTheFullestReservoir) {
  options.policy = Policy::least_loaded;
  add("a");
  add("b");
  start();
  scripts[0]->feed(kStartup);
  scripts[0]->feed(1);
  scripts[1]->feed(3 * kStartup);
  const auto a = worker_blocks(0);
  const auto b = worker_blocks(1);
  ASSERT_LT(a.size(), b.size());
  EXPECT_EQ(drawn(32), b[0]);
  EXPECT_EQ(named(), Ids{"b"});
  drawn((a.size() + b.size() - 1) * kBlockBytes);  // all that both have
  EXPECT_EQ(named(), (Ids{"a", "b"}));
  EXPECT_EQ(failing(1), Error::starved);
}

TEST_F(TapTest, FailoverUsesTheFirstHealthySourceOnly) {
  options.policy = Policy::failover;
  auto& a = add("a");
  add("b");
  start_healthy();
  EXPECT_EQ(drawn(32), worker_blocks(0)[0]);
  EXPECT_EQ(named(), Ids{"a"});
  a.vanish();
  ASSERT_TRUE(reaches(0, SourceState::gone));
  EXPECT_EQ(drawn(32), worker_blocks(1)[0]);
  EXPECT_EQ(named(), Ids{"b"});
  a.come_back();
  a.feed(2 * kStartup);
  EXPECT_EQ(drawn(32), worker_blocks(0)[1]);
  EXPECT_EQ(failing(200 * kBlockBytes), Error::starved);  // healthy but short: not a reason to go to b
}

TEST_F(TapTest, WhatContributesIsMixedInNamedAndNeverCounted) {
  add("a");
  add("kernel", SourceKind::os, true);
  add("silent", SourceKind::os, false);
  start_healthy();
  EXPECT_EQ(drawn(32), xored(worker_blocks(0)[0], worker_blocks(1)[0]));
  EXPECT_EQ(named(), (Ids{"a", "kernel"}));
  EXPECT_TRUE(service->status()[1].contributes);
  EXPECT_FALSE(service->status()[1].feeds_direct);
  EXPECT_FALSE(service->status()[2].contributes);
  raise_alarm(0);
  EXPECT_EQ(failing(32), Error::alarmed);
}

TEST_F(TapTest, TheOperatingSystemAloneGivesNothing) {
  add("kernel", SourceKind::os, true);
  add("other", SourceKind::remote, true);
  start_healthy();
  for (const auto type : {EntropyType::direct, EntropyType::mixed, EntropyType::drbg}) EXPECT_EQ(failing(32, type), Error::starved);
  EXPECT_FALSE(service->ready());
}

TEST_F(TapTest, OtherPoliciesIgnoreWhatContributes) {
  options.policy = Policy::failover;
  add("kernel", SourceKind::os, true);
  add("a");
  start_healthy();
  EXPECT_EQ(drawn(32), worker_blocks(1)[0]);
  EXPECT_EQ(named(), Ids{"a"});
}

TEST_F(TapTest, DrawsHaveLimits) {
  options.reservoir_blocks = 4;
  add("a");
  start();
  scripts[0]->feed_freely();
  ASSERT_TRUE(service->wait_ready(kPatience));
  EXPECT_EQ(failing(0), Error::out_of_range);
  EXPECT_EQ(failing(kMaxDrawBytes + 1), Error::too_large);
  EXPECT_EQ(failing(4 * kBlockBytes + 1), Error::too_large);  // no waiting would ever help
  EXPECT_EQ(failing(kMaxDrawBytes + 1, EntropyType::drbg), Error::too_large);
}

TEST_F(TapTest, TheLargestDrawWorksWithTheDefaultReservoir) {
  add("a");
  start();
  scripts[0]->feed(kStartup + (2048 + 64 + 60) * 80);
  const auto blocks = worker_blocks(0);
  const auto out = drawn(kMaxDrawBytes);
  std::vector<std::uint8_t> expected;
  for (std::size_t i = 0; i < 2048; ++i) expected.insert(expected.end(), blocks[i].begin(), blocks[i].end());
  EXPECT_EQ(out, expected);
}

TEST(RetryTime, FollowsTheRateWithinItsBounds) {
  EXPECT_EQ(retry_time(10, 0), std::chrono::seconds(60));
  EXPECT_EQ(retry_time(1, 1'000'000), std::chrono::seconds(1));
  EXPECT_EQ(retry_time(10, 256), std::chrono::seconds(10));
  EXPECT_EQ(retry_time(10, 250), std::chrono::seconds(11));
  EXPECT_EQ(retry_time(2048, 1), std::chrono::seconds(60));
}

}  // namespace
}  // namespace qeaas
