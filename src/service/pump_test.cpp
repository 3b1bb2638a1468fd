// SPDX-License-Identifier: GPL-3.0-or-later
// The life of a source: start-up, alarms, vanishing, idling, stopping; what is counted, and what is left in the reservoirs.
#include "service/pump.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "service/fake_source.hpp"

namespace qeaas {
namespace {

using namespace test;

class PumpTest : public ::testing::Test {
 protected:
  std::shared_ptr<Script> script = std::make_shared<Script>();
  ServiceOptions options = quick();
  Signal signal;
  EventHistory events;
  std::unique_ptr<Pump> pump;

  void start(std::vector<std::size_t> rings = {1024}) {
    pump = std::make_unique<Pump>(setup_of(script), options, rings, signal, events);
    ASSERT_TRUE(pump->start());
  }
  bool reaches(SourceState state) {
    return signal.wait_until(kPatience, [&] { return pump->state() == state; });
  }
  std::vector<Block> drain(std::size_t ring = 0) {
    std::vector<Block> all;
    Block block;
    while (pump->ring(ring).pop(block, pump->generation())) all.push_back(block);
    return all;
  }
  ~PumpTest() override {
    if (!pump) return;
    pump->stop();
    const auto ledger = pump->status().ledger;
    EXPECT_LE(ledger.full_out_bits, ledger.consumed_bits);
    EXPECT_LE(ledger.consumed_bits + ledger.discarded_bits, ledger.assessed_in_bits);
  }
};

TEST_F(PumpTest, StartUpSamplesAreNeverUsed) {
  start();
  EXPECT_TRUE(reaches(SourceState::starting));
  script->feed(1);  // one read: start-up goes on
  EXPECT_EQ(pump->state(), SourceState::starting);
  EXPECT_EQ(pump->ring(0).size(), 0U);
  EXPECT_FALSE(pump->primed());
  script->feed(2 * kStartup);
  EXPECT_EQ(pump->state(), SourceState::healthy);
  EXPECT_TRUE(pump->primed());
  const auto legal = oracle(*script);
  EXPECT_EQ(drain(), legal.blocks);
  const auto status = pump->status();
  EXPECT_EQ(status.health.startups_passed, 1U);
  EXPECT_EQ(status.ledger.full_out_bits, legal.blocks.size() * kBlockBits);
  EXPECT_EQ(status.ledger.consumed_bits, legal.blocks.size() * 320);
  EXPECT_EQ(status.conditioner, "sha256");
  EXPECT_FALSE(status.basis.empty());
  EXPECT_GT(status.bits_per_second, 0U);
}

TEST_F(PumpTest, BlocksGoRoundTheReservoirsAndNoneIsGivenTwice) {
  start({64, 64, 64});
  script->feed(2 * kStartup);
  const auto legal = oracle(*script);
  ASSERT_GT(legal.blocks.size(), 10U);
  for (std::size_t ring = 0; ring < 3; ++ring) {
    std::vector<Block> expected;
    for (std::size_t i = ring; i < legal.blocks.size(); i += 3) expected.push_back(legal.blocks[i]);
    EXPECT_EQ(drain(ring), expected);
  }
}

TEST_F(PumpTest, APermanentAlarmEmptiesTheReservoirsAndStartsAgain) {
  start();
  script->feed(2 * kStartup);
  ASSERT_GT(pump->ring(0).size(), 0U);
  const auto generation = pump->generation();
  script->stick(true);
  script->feed(kStartup);
  EXPECT_EQ(pump->state(), SourceState::alarmed);
  EXPECT_GT(pump->generation(), generation);
  EXPECT_EQ(pump->ring(0).size(), 0U);
  const auto alarmed = pump->status();
  EXPECT_GE(alarmed.health.permanent_failures, 1U);
  EXPECT_FALSE(alarmed.last_failure.empty());
  script->stick(false);
  script->feed(3 * kStartup);
  EXPECT_EQ(pump->state(), SourceState::healthy);
  const auto legal = oracle(*script);
  const auto first = std::find(legal.epochs.begin(), legal.epochs.end(), legal.alarms) - legal.epochs.begin();
  EXPECT_EQ(drain(), std::vector<Block>(legal.blocks.begin() + first, legal.blocks.end()));
}

TEST_F(PumpTest, AnAlarmStaysLatchedWhileTheSourceComesAndGoes) {
  start();
  script->stick(true);
  script->feed(kStartup);
  ASSERT_EQ(pump->state(), SourceState::alarmed);
  script->vanish();
  ASSERT_TRUE(reaches(SourceState::gone));
  script->come_back();
  script->stick(false);
  ASSERT_TRUE(reaches(SourceState::alarmed));  // open, but not proven healthy
  script->feed(2 * kStartup);
  EXPECT_EQ(pump->state(), SourceState::healthy);
}

TEST_F(PumpTest, AnIntermittentFailureDropsItsBlockAndThePartialSamples) {
  start();
  script->feed(2 * kStartup);
  script->hiccup();
  script->feed(1);
  script->feed(1);
  EXPECT_EQ(pump->state(), SourceState::healthy);
  const auto status = pump->status();
  EXPECT_EQ(status.health.intermittent_failures, 1U);
  EXPECT_EQ(status.health.permanent_failures, 0U);
  EXPECT_GT(status.ledger.discarded_bits, 0U);
  EXPECT_EQ(drain(), oracle(*script).blocks);
}

TEST_F(PumpTest, ASourceThatVanishesIsRetriedCountedAndTestedAnew) {
  start();
  script->feed(2 * kStartup);
  const auto before = pump->ring(0).size();
  script->vanish();
  ASSERT_TRUE(reaches(SourceState::gone));
  script->wait_for_opens(4);
  EXPECT_EQ(pump->ring(0).size(), before);  // tested and made while it was healthy
  script->come_back();
  ASSERT_TRUE(reaches(SourceState::starting));
  script->feed(2 * kStartup);
  EXPECT_EQ(pump->state(), SourceState::healthy);
  const auto status = pump->status();
  EXPECT_EQ(status.reopens, 1U);
  EXPECT_GE(status.lost, 3U);
  EXPECT_EQ(status.health.startups_passed, 2U);
  EXPECT_EQ(status.last_failure, "the fake does not open");
  EXPECT_EQ(drain(), oracle(*script).blocks);
}

TEST_F(PumpTest, ASourceThatDoesNotOpenAtFirst) {
  script->refuse_opens(3);
  start();
  ASSERT_TRUE(reaches(SourceState::starting));
  EXPECT_EQ(pump->status().lost, 3U);
  EXPECT_EQ(pump->status().reopens, 0U);
}

TEST_F(PumpTest, AFullReservoirStopsTheFlowButNotTheTests) {
  start({4});
  script->feed_freely();
  const auto tested = [&] { return pump->status().health.samples_tested; };
  ASSERT_TRUE(signal.wait_until(kPatience, [&] { return pump->ring(0).full(); }));
  const auto made = pump->status().ledger.full_out_bits;
  EXPECT_EQ(made, 4 * kBlockBits);
  const auto then = tested();
  ASSERT_TRUE(signal.wait_until(kPatience, [&] { return tested() > then + kStartup; }));
  EXPECT_EQ(pump->status().ledger.full_out_bits, made);
  script->vanish();  // a dead source is noticed while nobody draws
  EXPECT_TRUE(reaches(SourceState::gone));
}

TEST_F(PumpTest, ADrawThatFindsTooLittleWakesThePump) {
  options.idle_test_interval = std::chrono::hours(1);
  start({8});
  script->feed_freely();
  ASSERT_TRUE(signal.wait_until(kPatience, [&] { return pump->ring(0).full(); }));
  Block block;
  ASSERT_TRUE(pump->ring(0).pop(block, pump->generation()));
  pump->taken(0, 1);
  pump->demand();  // the ring is not low, but it was not enough
  EXPECT_TRUE(signal.wait_until(kPatience, [&] { return pump->ring(0).full(); }));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pump->ring(0).pop(block, pump->generation()));
  pump->taken(0, 5);  // now it is low
  EXPECT_TRUE(signal.wait_until(kPatience, [&] { return pump->ring(0).full(); }));
  EXPECT_EQ(pump->status().bits_served, 6 * kBlockBits);
}

TEST_F(PumpTest, StopsWhileItWaitsInARead) {
  start();
  script->feed(1);
  pump->stop();
  EXPECT_EQ(pump->state(), SourceState::gone);
}

TEST_F(PumpTest, StopsWhileItBacksOffAndEmptiesItsReservoirs) {
  options.back_off_first = std::chrono::hours(1);
  options.back_off_limit = std::chrono::hours(1);
  start();
  script->feed(2 * kStartup);
  ASSERT_GT(pump->ring(0).size(), 0U);
  script->vanish();
  ASSERT_TRUE(reaches(SourceState::gone));
  pump->stop();
  EXPECT_EQ(pump->ring(0).size(), 0U);
}

TEST_F(PumpTest, AnImpossibleClaimIsNeverServed) {
  script->info.per_sample = MinEntropy();
  start();
  ASSERT_TRUE(signal.wait_until(kPatience, [&] { return pump->status().lost > 0; }));
  EXPECT_EQ(pump->state(), SourceState::gone);
  EXPECT_NE(pump->status().last_failure.find("must claim"), std::string::npos);
}

class ToeplitzPumpTest : public PumpTest {
 protected:
  std::filesystem::path folder;
  std::filesystem::path seed() const { return folder / "toeplitz-fake.seed"; }
  void SetUp() override {
    auto pattern = (std::filesystem::temp_directory_path() / "qeaas-pump-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    options.conditioner = ConditionerKind::toeplitz;
    options.state_folder = folder;
  }
  void TearDown() override {
    if (pump) pump->stop();
    std::filesystem::remove_all(folder);
  }
  std::string content() const {
    std::ifstream file(seed(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(ToeplitzPumpTest, TheSeedIsMadeOncePrivateAndKept) {
  start();
  script->feed(2 * kStartup);
  EXPECT_EQ(pump->state(), SourceState::healthy);
  EXPECT_EQ(pump->status().conditioner, "toeplitz");
  const auto made = content();
  EXPECT_EQ(made.size(), toeplitz_seed_bytes(8, script->info.per_sample));
  struct stat status {};
  ASSERT_EQ(::stat(seed().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  pump->stop();
  script = std::make_shared<Script>();
  start();
  script->feed(2 * kStartup);
  EXPECT_EQ(content(), made);
  EXPECT_GT(pump->ring(0).size(), 0U);
}

TEST_F(ToeplitzPumpTest, ASeedOfAnotherSizeIsRefused) {
  std::ofstream(seed(), std::ios::binary) << "too short";
  start();
  ASSERT_TRUE(signal.wait_until(kPatience, [&] { return pump->status().lost > 0; }));
  EXPECT_NE(pump->status().last_failure.find("remove it"), std::string::npos);
  EXPECT_EQ(content(), "too short");
}

TEST_F(ToeplitzPumpTest, WithoutASeedThereIsNoSource) {
  options.os_entropy = [](MutableBytes) noexcept -> Status { return fail(Error::io); };
  start();
  ASSERT_TRUE(signal.wait_until(kPatience, [&] { return pump->status().lost > 0; }));
  EXPECT_FALSE(std::filesystem::exists(seed()));
}

}  // namespace
}  // namespace qeaas
