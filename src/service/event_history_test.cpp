// SPDX-License-Identifier: GPL-3.0-or-later
// The history: order, repetition, the ring's end, and readers beside writers.
#include "service/event_history.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace qeaas {
namespace {

std::vector<std::string> texts(const EventHistory& history) {
  std::vector<std::string> all;
  for (const auto& event : history.snapshot()) all.push_back(event.text);
  return all;
}

TEST(EventHistory, IsEmptyAtFirstThenInOrder) {
  EventHistory history;
  EXPECT_TRUE(history.snapshot().empty());
  const auto before = std::chrono::system_clock::now();
  history.add("a", EventKind::lost, "no device");
  history.add("b", EventKind::alarm, "repetition count");
  const auto all = history.snapshot();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].source, "a");
  EXPECT_EQ(all[0].what, EventKind::lost);
  EXPECT_EQ(all[0].text, "no device");
  EXPECT_EQ(all[0].count, 1U);
  EXPECT_GE(all[0].time, before);
  EXPECT_EQ(all[1].source, "b");
}

TEST(EventHistory, ARepetitionIsCountedWhereItStarted) {
  EventHistory history;
  history.add("a", EventKind::alarm, "lag");
  history.add("b", EventKind::lost, "gone");
  history.add("a", EventKind::alarm, "lag");
  history.add("a", EventKind::alarm, "repeat");         // another text is another event
  history.add("a", EventKind::intermittent, "repeat");  // and so is another kind
  history.add("a", EventKind::alarm, "lag");            // no longer the latest of a
  EXPECT_EQ(texts(history), (std::vector<std::string>{"lag", "gone", "repeat", "repeat", "lag"}));
  const auto all = history.snapshot();
  EXPECT_EQ(all[0].count, 2U);
  EXPECT_GE(all[0].last, all[0].time);
  EXPECT_EQ(all[4].count, 1U);
}

TEST(EventHistory, KeepsTheLast) {
  EventHistory history;
  for (std::size_t i = 0; i < EventHistory::kEvents + 10; ++i) history.add("a", EventKind::lost, std::to_string(i));
  const auto kept = texts(history);
  ASSERT_EQ(kept.size(), EventHistory::kEvents);
  EXPECT_EQ(kept.front(), "10");
  EXPECT_EQ(kept.back(), std::to_string(EventHistory::kEvents + 9));
}

TEST(EventHistory, CutsALongTextBetweenCharacters) {
  EventHistory history;
  history.add("a", EventKind::lost, std::string(EventHistory::kMaxTextBytes - 1, 'x') + "\xc3\xbc" + "y");
  EXPECT_EQ(history.snapshot()[0].text, std::string(EventHistory::kMaxTextBytes - 1, 'x'));
  history.add("b", EventKind::lost, std::string(EventHistory::kMaxTextBytes, 'z'));
  EXPECT_EQ(history.snapshot()[1].text.size(), EventHistory::kMaxTextBytes);
}

TEST(EventHistory, EveryKindHasAName) {
  EXPECT_EQ(name(EventKind::alarm), "alarm");
  EXPECT_EQ(name(EventKind::intermittent), "intermittent");
  EXPECT_EQ(name(EventKind::lost), "lost");
  EXPECT_EQ(name(EventKind::back), "back");
  EXPECT_EQ(name(EventKind::started_up), "started-up");
}

TEST(EventHistory, WritersAndReadersAtOnce) {
  EventHistory history;
  constexpr std::size_t kEach = 2000;
  std::vector<std::thread> writers;
  for (const std::string source : {"a", "b", "c"}) {
    writers.emplace_back([&history, source] {
      for (std::size_t i = 0; i < kEach; ++i) history.add(source, EventKind::lost, source + std::to_string(i));
    });
  }
  for (int i = 0; i < 200; ++i) {
    for (const auto& event : history.snapshot()) ASSERT_EQ(event.text.substr(0, 1), event.source);
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(history.snapshot().size(), EventHistory::kEvents);
}

}  // namespace
}  // namespace qeaas
