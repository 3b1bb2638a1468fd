// SPDX-License-Identifier: GPL-3.0-or-later
// The reports of a running service: what is in them before and after the first window, and for samples narrower than a byte.
#include "reports.hpp"

#include <numeric>

#include "service/service_fixture.hpp"

namespace qeaas {
namespace {

using namespace test;

class ReportsTest : public ServiceTest {
 protected:
  StatisticsReport with_window() {
    for (const auto& script : scripts) script->feed_freely();
    EXPECT_TRUE(service->wait_until(kPatience, [&] { return service->raw_statistics()[0].raw.windows > 0; }));
    return make_statistics_report(*service);
  }
  static std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  }
};

TEST_F(ReportsTest, StatisticsHaveAWindowWhenThereIsOne) {
  add("sim", SourceKind::simulated);
  start();
  scripts[0]->feed(kStartup);
  const auto early = make_statistics_report(*service).sources.front();
  EXPECT_EQ(early.id, "sim");
  EXPECT_EQ(early.kind, SourceKind::simulated);
  EXPECT_FALSE(early.window);
  EXPECT_GE(early.collected_samples, kStartup);
  const auto later = with_window().sources.front();
  ASSERT_TRUE(later.window);
  EXPECT_GE(later.windows, 1U);
  EXPECT_EQ(later.window->histogram.size(), 256U);
  EXPECT_EQ(later.window->bit_ones.size(), 8U);
  EXPECT_EQ(sum(later.window->histogram), later.window_samples);
  EXPECT_GT(later.window->pairs, later.window->equal_pairs);
  EXPECT_TRUE(later.window->correlation_ppm);
}

TEST_F(ReportsTest, ListsAreAsLongAsASampleIsWide) {
  scripts.push_back(std::make_shared<Script>("narrow"));
  scripts[0]->info.sample_bits = 3;
  scripts[0]->info.per_sample = MinEntropy::from_whole_bits(1);
  setups.push_back(setup_of(scripts[0]));
  start();
  const auto one = with_window().sources.front();
  ASSERT_TRUE(one.window);
  EXPECT_EQ(one.sample_bits, 3U);
  EXPECT_EQ(one.window->histogram.size(), 8U);
  EXPECT_EQ(one.window->bit_ones.size(), 3U);
  EXPECT_LT(sum(one.window->histogram), one.window_samples) << "the script gives whole bytes, which no sample of 3 bits may be";
}

TEST_F(ReportsTest, AlarmsAreTheHistoryInWords) {
  add("a");
  start_healthy();
  raise_alarm(0);
  const auto alarms = make_alarms_report(*service).alarms;
  ASSERT_GE(alarms.size(), 2U);
  EXPECT_EQ(alarms[0].event, "started-up");
  EXPECT_EQ(alarms[1].event, "alarm");
  EXPECT_EQ(alarms[1].source, "a");
  EXPECT_EQ(alarms[1].text, "repetition count");
  EXPECT_GE(alarms[1].time, alarms[0].time);
}

}  // namespace
}  // namespace qeaas
