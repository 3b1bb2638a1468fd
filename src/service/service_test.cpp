// SPDX-License-Identifier: GPL-3.0-or-later
// The service as a whole: what create refuses, readiness, seeds, and the property that matters most, with threads at work: not one
// byte of an alarmed block reaches a draw.
#include "service/service.hpp"

#include <set>
#include <thread>

#include "service/service_fixture.hpp"

namespace qeaas {
namespace {

using namespace test;

class CreateTest : public ServiceTest {
 protected:
  Error refused() {
    auto made = Service::create(options, std::move(setups));
    setups.clear();
    EXPECT_FALSE(made);
    if (made) return Error::unknown;
    EXPECT_FALSE(made.error().text.empty());
    return made.error().error;
  }
};

TEST_F(CreateTest, RefusesWrongSources) {
  EXPECT_EQ(refused(), Error::out_of_range);  // none
  for (std::size_t i = 0; i <= kMaxSources; ++i) add("s" + std::to_string(i));
  EXPECT_EQ(refused(), Error::out_of_range);
  add("twin");
  add("twin");
  EXPECT_EQ(refused(), Error::in_use);
  for (const auto* id : {"", "a b", "../x", ".hidden", "123456789012345678901234567890123"}) {
    add(id);
    EXPECT_EQ(refused(), Error::malformed) << id;
  }
}

TEST_F(CreateTest, RefusesWrongOptions) {
  const auto wrong = [&](auto&& change) {
    options = quick();
    change();
    add("a");
    EXPECT_EQ(refused(), Error::out_of_range);
  };
  wrong([&] { options.min_sources = 0; });
  wrong([&] { options.min_sources = 2; });
  wrong([&] { options.workers = 0; });
  wrong([&] { options.workers = 65; });
  wrong([&] { options.reservoir_blocks = 0; });
  wrong([&] { options.reservoir_blocks = 1; });
  wrong([&] { options.reservoir_blocks = 48; });
  wrong([&] { options.reservoir_blocks = std::size_t{1} << 21; });
  wrong([&] { options.drbg_reseed_bytes = 0; });
  wrong([&] { options.drbg_reseed_interval = std::chrono::seconds(0); });
  wrong([&] { options.back_off_first = std::chrono::milliseconds(0); });
  wrong([&] { options.back_off_limit = std::chrono::milliseconds(0); });
  wrong([&] { options.idle_test_interval = std::chrono::milliseconds(0); });
  wrong([&] { options.conditioner = ConditionerKind::toeplitz; });
}

TEST(ServiceNames, GoBothWays) {
  for (const auto value : {Policy::combine, Policy::least_loaded, Policy::failover}) EXPECT_EQ(policy(name(value)), value);
  for (const auto value : {ConditionerKind::sha256, ConditionerKind::toeplitz}) EXPECT_EQ(conditioner_kind(name(value)), value);
  EXPECT_EQ(policy("random"), std::nullopt);
  EXPECT_EQ(conditioner_kind("md5"), std::nullopt);
}

TEST_F(ServiceTest, IsReadyWhenEnoughSourcesHaveFedEveryReservoir) {
  options.min_sources = 2;
  add("a");
  add("b");
  start();
  scripts[0]->feed(2 * kStartup);
  EXPECT_FALSE(service->ready());
  EXPECT_FALSE(service->wait_ready(std::chrono::milliseconds(0)));
  scripts[1]->feed_freely();
  EXPECT_TRUE(service->wait_ready(kPatience));
  scripts[0]->vanish();
  ASSERT_TRUE(reaches(0, SourceState::gone));
  EXPECT_FALSE(service->ready());
}

TEST_F(ServiceTest, StopEndsAWaitAndLaterDrawsStarve) {
  add("a");
  start_healthy();
  drawn(32);
  std::thread waiter([&] { service->wait_until(kPatience, [&] { return service->status()[0].state == SourceState::gone; }); });
  service->stop();
  waiter.join();
  EXPECT_EQ(failing(32), Error::starved);
  EXPECT_EQ(ready_blocks(0), 0U);
  EXPECT_FALSE(service->wait_ready(kPatience));
}

TEST_F(ServiceTest, AServiceThatWasNeverStartedGivesNothingAndStops) {
  add("a");
  auto made = Service::create(options, std::move(setups));
  ASSERT_TRUE(made);
  service = std::move(*made);
  EXPECT_EQ(failing(32), Error::starved);
}

TEST_F(ServiceTest, SeedsComeFromTheirOwnReservoirAndFromNowhereElse) {
  add("a");
  start();
  std::vector<std::uint8_t> seed(48, 0xee);
  EXPECT_EQ(service->seed_entropy(seed).error(), Error::starved);
  EXPECT_EQ(seed, std::vector<std::uint8_t>(48, 0));
  scripts[0]->feed(2 * kStartup);
  ASSERT_TRUE(service->seed_entropy(seed));
  std::set<std::vector<std::uint8_t>> seeds{seed};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(service->seed_entropy(seed)) << "many sessions do not use up the entropy";
    EXPECT_TRUE(seeds.insert(seed).second);
  }
  EXPECT_EQ(drawn(32), worker_blocks(0)[0]);
  seed.assign(Service::kMaxSeedBytes + 1, 0xee);
  EXPECT_EQ(service->seed_entropy(seed).error(), Error::too_large);
  EXPECT_EQ(seed, std::vector<std::uint8_t>(seed.size(), 0));
}

TEST_F(ServiceTest, AnAlarmDoesNotCloseTheChannelThatTellsOfIt) {
  add("a");
  start();
  scripts[0]->feed(2 * kStartup);
  std::vector<std::uint8_t> seed(48);
  ASSERT_TRUE(service->seed_entropy(seed));
  raise_alarm(0);
  std::set<std::vector<std::uint8_t>> seeds{seed};
  for (std::size_t used = 0; used < 2 * Seeder::kReseedBytes; used += seed.size()) {
    ASSERT_TRUE(service->seed_entropy(seed));
    EXPECT_TRUE(seeds.insert(seed).second);
  }
  EXPECT_EQ(failing(32), Error::alarmed) << "what is served stays refused";
}

TEST_F(ServiceTest, WithoutTheOperatingSystemThereIsNoSeed) {
  options.os_entropy = [](MutableBytes) noexcept { return Status(fail(Error::io)); };
  add("a");
  start();
  scripts[0]->feed(2 * kStartup);
  std::vector<std::uint8_t> seed(48, 0xee);
  EXPECT_EQ(service->seed_entropy(seed).error(), Error::io);
  EXPECT_EQ(seed, std::vector<std::uint8_t>(48, 0));
}

TEST_F(ServiceTest, StatusTellsWhatASourceIs) {
  add("sim", SourceKind::simulated);
  start_healthy();
  const auto status = service->status().front();
  EXPECT_EQ(status.info.tag.id, "sim");
  EXPECT_EQ(status.info.tag.kind, SourceKind::simulated);
  EXPECT_TRUE(status.feeds_direct);
  EXPECT_EQ(status.state, SourceState::healthy);
  EXPECT_GT(status.health.samples_tested, kStartup);
  EXPECT_EQ(status.blocks_ready, oracle(*scripts[0]).blocks.size());
}

// Draw is one answer of 32 bytes, and how many alarms the service had already made known when it was asked for.
struct Draw {
  Block block{};
  std::uint64_t alarms_known = 0;
};

std::vector<Draw> draw_until(Service& service, const std::atomic<bool>& done) {
  std::vector<Draw> draws;
  Provenance provenance;
  while (!done.load()) {
    Draw draw;
    draw.alarms_known = service.status()[0].health.permanent_failures;
    if (service.tap(0).fill(draw.block, EntropyType::direct, provenance)) {
      draws.push_back(draw);
    } else {
      std::this_thread::yield();
    }
  }
  return draws;
}

TEST_F(ServiceTest, NotOneByteOfAnAlarmedBlockReachesADraw) {
  options.reservoir_blocks = 4096;
  add("a");
  start();
  Script& script = *scripts[0];
  std::atomic<bool> done{false};
  std::vector<Draw> draws;
  std::thread worker([&] { draws = draw_until(*service, done); });
  for (int round = 0; round < 6; ++round) {
    script.feed(2 * kStartup);
    script.hiccup();
    script.feed(kStartup);
    script.stick(true);
    script.feed(kStartup / 2);
    script.stick(false);
    script.feed(3 * kStartup);
    script.vanish();
    ASSERT_TRUE(reaches(0, SourceState::gone));
    script.come_back();
  }
  script.feed(2 * kStartup);
  done.store(true);
  worker.join();
  const auto legal = oracle(script);
  EXPECT_GE(legal.alarms, 6U);
  EXPECT_GT(draws.size(), 0U);
  std::size_t next = 0;
  for (const auto& draw : draws) {
    const auto at = legal.find(draw.block);
    ASSERT_TRUE(at) << "a draw gave bytes that no healthy block accounts for";
    ASSERT_GE(*at, next) << "a block was given out twice or out of order";
    ASSERT_GE(legal.epochs[*at], draw.alarms_known) << "a block from before an alarm was given out after it";
    next = *at + 1;
  }
  const auto status = service->status().front();
  EXPECT_EQ(status.ledger.full_out_bits, legal.blocks.size() * kBlockBits);
  EXPECT_EQ(status.bits_served, draws.size() * kBlockBits);
  EXPECT_LE(status.ledger.full_out_bits, status.ledger.consumed_bits);
  EXPECT_LE(status.ledger.consumed_bits + status.ledger.discarded_bits, status.ledger.assessed_in_bits);
}

// Several workers and seeds at once, over sources that never stop: every answer is another one.
TEST_F(ServiceTest, WorkersNeverShareABlock) {
  options.workers = 3;
  options.reservoir_blocks = 64;
  add("a");
  add("b");
  start();
  for (const auto& script : scripts) script->feed_freely();
  ASSERT_TRUE(service->wait_ready(kPatience));
  constexpr std::size_t kDraws = 500;
  std::array<std::vector<Block>, 4> answers;
  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < answers.size(); ++worker) {
    threads.emplace_back([&, worker] {
      Provenance account;
      while (answers[worker].size() < kDraws) {
        Block block;
        const auto status = worker == 3 ? service->seed_entropy(block) : service->tap(worker).fill(block, EntropyType::direct, account);
        if (status) answers[worker].push_back(block);
        if (!status) std::this_thread::yield();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<Block> distinct;
  for (const auto& all : answers) distinct.insert(all.begin(), all.end());
  EXPECT_EQ(distinct.size(), answers.size() * kDraws);
}

}  // namespace
}  // namespace qeaas
