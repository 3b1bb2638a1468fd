// SPDX-License-Identifier: GPL-3.0-or-later
// Clone detection with clocks of the test's own, and the kernel's two ways of telling.
#include "feed_clone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qeaas::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class FeedClone : public ::testing::Test {
 protected:
  // pass lets the clocks go on as on one machine, and then has the watch look.
  std::optional<std::string> pass(std::chrono::nanoseconds time = 1s) {
    now_.monotonic += time;
    now_.boottime += time;
    now_.realtime += time;
    return watch_.observe(now_, 1s);
  }
  ClockReading now_{1000s, 1010s, 1'700'000'000s, "5b77910a"};
  ClockWatch watch_{now_};
};

TEST_F(FeedClone, TimeThatPassesIsNoNews) {
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(pass(), std::nullopt);
  EXPECT_EQ(pass(10900ms), std::nullopt);  // woken late on a busy machine
}

TEST_F(FeedClone, AClockDaemonThatSlewsIsNoNews) {
  for (int i = 0; i < 1000; ++i) {
    now_.realtime += 90ms;  // in each second: more than the kernel slews by
    ASSERT_EQ(pass(), std::nullopt);
  }
}

TEST_F(FeedClone, AWallClockThatJumpsIs) {
  now_.realtime += 2s;
  EXPECT_THAT(pass().value_or(""), HasSubstr("the wall clock jumped by 2 s"));
  EXPECT_EQ(pass(), std::nullopt);  // said once
  now_.realtime -= 3600s;
  EXPECT_THAT(pass().value_or(""), HasSubstr("jumped by -3600 s"));
  now_.realtime += 900ms;
  EXPECT_EQ(pass(), std::nullopt);
}

TEST_F(FeedClone, ASuspendIs) {
  now_.boottime += 90s;
  now_.realtime += 90s;
  EXPECT_THAT(pass().value_or(""), HasSubstr("slept for 90 s"));
  EXPECT_EQ(pass(), std::nullopt);
}

TEST_F(FeedClone, AGapInWhichNothingRanIs) { EXPECT_THAT(pass(60s).value_or(""), HasSubstr("nothing ran here for 60 s")); }

TEST_F(FeedClone, AnotherBootIdIs) {
  now_.boot_id = "e3d0534e";
  EXPECT_THAT(pass().value_or(""), HasSubstr("boot id"));
  EXPECT_EQ(pass(), std::nullopt);
}

TEST_F(FeedClone, ABootIdThatCannotBeReadIsNot) {
  now_.boot_id.clear();
  EXPECT_EQ(pass(), std::nullopt);
  now_.boot_id = "5b77910a";
  EXPECT_EQ(pass(), std::nullopt);
}

TEST_F(FeedClone, AClockThatGoesBackIs) {
  now_.monotonic -= 5s;
  now_.boottime -= 5s;
  EXPECT_THAT(pass().value_or(""), HasSubstr("went back"));
}

TEST(FeedCloneNews, ThisMachinesClocksAgree) {
  const auto first = read_clocks();
  EXPECT_EQ(first.boot_id.size(), 36U);
  EXPECT_GE(first.boottime, first.monotonic);
  EXPECT_EQ(ClockWatch(first).observe(read_clocks(), 3600s), std::nullopt);
}

std::string fields(std::initializer_list<std::string_view> list) {
  std::string datagram;
  for (const auto field : list) (datagram += field) += '\0';
  return datagram;
}

TEST(FeedCloneNews, TheUeventOfVmgenid) {
  EXPECT_TRUE(uevent_tells_of_fork(
      fields({"change@/devices/LNXSYSTM:00/VMGENCTR:00", "ACTION=change", "SUBSYSTEM=acpi", "NEW_VMGENID=1", "SEQNUM=7"})));
  EXPECT_FALSE(uevent_tells_of_fork(fields({"add@/devices/virtual/net/lo", "ACTION=add"})));
  EXPECT_FALSE(uevent_tells_of_fork(fields({"change@/x", "NOT_NEW_VMGENID=1", "NEW_VMGENID=10", "NEW_VMGENID=0"})));
  EXPECT_TRUE(uevent_tells_of_fork("NEW_VMGENID=1"));  // cut short
  EXPECT_FALSE(uevent_tells_of_fork(""));
}

TEST(FeedCloneNews, TheLineOfTheKernelsLog) {
  EXPECT_TRUE(record_tells_of_fork("5,339,1291167,-;random: crng reseeded due to virtual machine fork\n"));
  EXPECT_TRUE(record_tells_of_fork("5,339,1291167,-,caller=T1;random: crng reseeded due to virtual machine fork\n SUBSYSTEM=x\n"));
  EXPECT_FALSE(record_tells_of_fork("5,340,1291168,-;random: crng init done\n"));
}

TEST(FeedCloneNews, WhatAProgramWroteIntoTheLogIsNotTheKernels) {
  EXPECT_FALSE(record_tells_of_fork("13,341,1291169,-;random: crng reseeded due to virtual machine fork\n"));  // facility 1: user
  EXPECT_FALSE(record_tells_of_fork("x,1,1,-;random: crng reseeded due to virtual machine fork\n"));
  EXPECT_FALSE(record_tells_of_fork("5"));
  EXPECT_FALSE(record_tells_of_fork(""));
}

TEST(FeedCloneNews, ReadingWhatWaitsEnds) {
  ForkNews news;
  EXPECT_FALSE(news.take());
}

}  // namespace
}  // namespace qeaas::cli
