// SPDX-License-Identifier: GPL-3.0-or-later
// What a person who looks on sees of a source: the statistics of its raw samples and the history of what happened to it.
#include <algorithm>
#include <numeric>

#include "service/service_fixture.hpp"

namespace qeaas {
namespace {

using namespace test;

class WatchTest : public ServiceTest {
 protected:
  std::vector<EventKind> happened() {
    std::vector<EventKind> kinds;
    for (const auto& event : service->events()) kinds.push_back(event.what);
    return kinds;
  }
  std::uint64_t windows() { return service->raw_statistics()[0].raw.windows; }
};

using Kinds = std::vector<EventKind>;

TEST_F(WatchTest, OnlyAFullWindowIsPublished) {
  add("sim", SourceKind::simulated);
  start();
  EXPECT_EQ(windows(), 0U);
  scripts[0]->feed(kStartup);
  const auto early = service->raw_statistics()[0];
  EXPECT_EQ(early.tag.id, "sim");
  EXPECT_EQ(early.tag.kind, SourceKind::simulated);
  EXPECT_EQ(early.raw.windows, 0U);
  EXPECT_GE(early.raw.collected_samples, kStartup);
  EXPECT_EQ(early.raw.window_samples, RawWindow::kLeastSamples);
  EXPECT_EQ(early.raw.histogram, (std::array<std::uint64_t, 256>{}));
  scripts[0]->feed_freely();
  ASSERT_TRUE(service->wait_until(kPatience, [&] { return windows() > 0; }));
  const auto raw = service->raw_statistics()[0].raw;
  EXPECT_EQ(std::accumulate(raw.histogram.begin(), raw.histogram.end(), std::uint64_t{0}), RawWindow::kLeastSamples);
  EXPECT_LT(*std::max_element(raw.histogram.begin(), raw.histogram.end()), 400U);  // 256 expected
  EXPECT_EQ(raw.sample_bits, 8U);
}

TEST_F(WatchTest, ABrokenSourceIsSeenAsWhatItGives) {
  add("a");
  start();
  scripts[0]->stick(true);
  scripts[0]->feed_freely();
  ASSERT_TRUE(service->wait_until(kPatience, [&] { return windows() > 0; }));
  EXPECT_EQ(service->raw_statistics()[0].raw.histogram[0x55], RawWindow::kLeastSamples);
}

TEST_F(WatchTest, AnAlarmAndTheWayBackAreInTheHistory) {
  add("a");
  start_healthy();
  EXPECT_EQ(happened(), (Kinds{EventKind::started_up}));
  raise_alarm(0);
  scripts[0]->stick(false);
  scripts[0]->feed(3 * kStartup);
  const auto events = service->events();
  ASSERT_GE(events.size(), 3U);
  EXPECT_EQ(events[1].what, EventKind::alarm);
  EXPECT_EQ(events[1].source, "a");
  EXPECT_FALSE(events[1].text.empty());
  EXPECT_EQ(events.back().what, EventKind::started_up);
}

TEST_F(WatchTest, AnIntermittentFailureIsInTheHistory) {
  add("a");
  start_healthy();
  scripts[0]->hiccup();
  scripts[0]->feed(1);
  EXPECT_EQ(happened(), (Kinds{EventKind::started_up, EventKind::intermittent}));
  EXPECT_EQ(service->events()[1].text, "repetition count");
}

TEST_F(WatchTest, ALossIsBookedOnceHoweverOftenItIsTried) {
  add("a");
  start_healthy();
  scripts[0]->vanish();
  scripts[0]->wait_for_opens(5);
  scripts[0]->come_back();
  scripts[0]->feed(2 * kStartup);
  EXPECT_EQ(happened(), (Kinds{EventKind::started_up, EventKind::lost, EventKind::back, EventKind::started_up}));
}

TEST_F(WatchTest, ASourceThatNeverOpenedIsLostAndNotBack) {
  add("a").refuse_opens(3);
  start();
  scripts[0]->feed(2 * kStartup);
  EXPECT_EQ(happened(), (Kinds{EventKind::lost, EventKind::started_up}));
  EXPECT_EQ(service->events()[0].text, "the fake does not open");
}

}  // namespace
}  // namespace qeaas
