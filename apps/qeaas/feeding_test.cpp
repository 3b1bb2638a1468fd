// SPDX-License-Identifier: GPL-3.0-or-later
// One feeding over an injected kernel: what goes in, with which credit, and what is said; and when the next one is due.
#include "feeding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <future>
#include <linux/random.h>

#include "connection.hpp"

namespace qeaas::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr unsigned long kAdd = RNDADDENTROPY;
constexpr unsigned long kReseed = RNDRESEEDCRNG;

struct FedKernel {
  std::vector<unsigned long> requests;
  std::vector<int> credits;
  int add_answer = 0;
  int reseed_answer = 0;
  Pool pool{[this](unsigned long request, void* argument) {
    requests.push_back(request);
    if (request == kAdd) credits.push_back(*static_cast<const int*>(argument));
    return request == kAdd ? add_answer : reseed_answer;
  }};
};

Drawn drawn(std::vector<SourceTag> sources, Way way = Way::local) {
  Drawn made;
  made.bytes = SecretBytes(64);
  for (auto& byte : made.bytes.span()) byte = 0xA5;
  made.answers.push_back({"coaps://a", way, EntropyType::direct, std::move(sources), false});
  return made;
}
const SourceTag kQuantum{"lamp", SourceKind::quantum, false};
const SourceTag kKernelsOwn{"virtio", SourceKind::os, true};

TEST(Feeding, CreditsOnceAndThenReseeds) {
  FedKernel kernel;
  const auto feeding = feed_pool(&kernel.pool, drawn({kQuantum}), {});
  EXPECT_THAT(kernel.requests, ElementsAre(kAdd, kReseed));
  EXPECT_THAT(kernel.credits, ElementsAre(512));
  EXPECT_EQ(feeding.bytes, 64U);
  EXPECT_TRUE(feeding.reseeded);
  EXPECT_FALSE(feeding.failure);
  EXPECT_EQ(summary(feeding), "fed 64 bytes with a credit of 512 bits from 1 answer, and had the generator reseed");
}

TEST(Feeding, BytesWithoutCreditAreFedAllTheSame) {
  FedKernel kernel;
  const auto feeding = feed_pool(&kernel.pool, drawn({kKernelsOwn}), {});
  EXPECT_THAT(kernel.credits, ElementsAre(0));
  EXPECT_THAT(describe(feeding), HasSubstr("coaps://a (local): no credit: virtio (os)"));
}

TEST(Feeding, WhatTheKernelDidNotTakeIsNotCredited) {
  FedKernel kernel;
  kernel.add_answer = EFAULT;
  const auto feeding = feed_pool(&kernel.pool, drawn({kQuantum}), {});
  EXPECT_THAT(kernel.requests, ElementsAre(kAdd));
  ASSERT_TRUE(feeding.failure);
  EXPECT_EQ(feeding.credit.bits, 0U);
  EXPECT_EQ(feeding.bytes, 0U);
  EXPECT_THAT(as_json(feeding, "x"), HasSubstr(R"("fed":false)"));
}

TEST(Feeding, ADrawThatFailedTouchesNothing) {
  FedKernel kernel;
  Drawn nothing;
  nothing.failure = Fault{Error::unreachable, "nobody there"};
  EXPECT_EQ(summary(feed_pool(&kernel.pool, std::move(nothing), {})), "nothing fed: nobody there");
  EXPECT_TRUE(kernel.requests.empty());
}

TEST(Feeding, AGeneratorThatIsNotReadyYetIsNoFailure) {
  FedKernel kernel;
  kernel.reseed_answer = ENODATA;
  const auto feeding = feed_pool(&kernel.pool, drawn({kQuantum}), {});
  EXPECT_FALSE(feeding.failure);
  EXPECT_FALSE(feeding.reseeded);
  EXPECT_THAT(describe(feeding), HasSubstr("not reseeded: the kernel's generator is not initialised yet"));
}

TEST(Feeding, ADryRunTellsWhatWouldBeAndWhy) {
  const auto feeding = feed_pool(nullptr, drawn({kQuantum, kKernelsOwn}, Way::classical), {true});
  EXPECT_TRUE(feeding.dry_run);
  EXPECT_THAT(describe(feeding), HasSubstr("would feed 64 bytes with a credit of 512 bits"));
  EXPECT_THAT(describe(feeding), HasSubstr("coaps://a (classical): full entropy from lamp (quantum); nothing for virtio (os)"));
  EXPECT_THAT(as_json(feeding, "asked for"), HasSubstr(R"("fed":false,"why":"asked for","dry_run":true,"bytes":64,"credit_bits":512)"));
}

TEST(Feeding, NothingThatIsSaidHoldsTheBytes) {
  const auto feeding = feed_pool(nullptr, drawn({kQuantum}), {});
  for (const auto& text : {describe(feeding), as_json(feeding, ""), summary(feeding)}) EXPECT_THAT(text, Not(HasSubstr("a5a5")));
}

TEST(FeedScheduleTest, AtOnceThenAtEveryInterval) {
  TimePoint now{1000s};
  FeedSchedule schedule(600s, now);
  EXPECT_EQ(schedule.due(), now);
  schedule.done(now, true);
  EXPECT_EQ(schedule.due(), now + 600s);
  schedule.at_once(now + 5s);
  EXPECT_EQ(schedule.due(), now + 5s);
}

TEST(FeedScheduleTest, FailuresAreTriedAgainWithGrowingPauses) {
  const TimePoint now{1000s};
  FeedSchedule schedule(10s, now);
  for (const auto pause : {1s, 2s, 4s, 8s, 10s, 10s}) {
    schedule.done(now, false);
    EXPECT_EQ(schedule.due(), now + pause);
  }
  schedule.done(now, true);
  schedule.done(now, false);
  EXPECT_EQ(schedule.due(), now + 1s);
}

TEST(FeedWay, WhatALinkNegotiatedDecides) {
  LinkReport link;
  EXPECT_EQ(way_of(link), Way::plain);
  link.dtls.emplace();
  EXPECT_EQ(way_of(link), Way::unverified);
  link.dtls->verified = true;
  EXPECT_EQ(way_of(link), Way::classical);
  link.dtls->post_quantum_group = true;
  EXPECT_EQ(way_of(link), Way::post_quantum);
}

TEST(FeedAttempt, ADrawIsTakenWhenItIsOver) {
  Attempt attempt([] { return drawn({kQuantum}); });
  EXPECT_TRUE(attempt.wait(TimePoint::max()));
  EXPECT_TRUE(attempt.over());
  EXPECT_EQ(attempt.take().bytes.size(), 64U);
}

TEST(FeedAttempt, WhatIsNotOverIsSaidNotToBe) {
  std::promise<void> gate;
  Attempt attempt([opened = gate.get_future().share()] {
    opened.wait();
    return Drawn();
  });
  EXPECT_FALSE(attempt.wait(Clock::now()));
  EXPECT_FALSE(attempt.over());
  gate.set_value();
  EXPECT_TRUE(attempt.wait(TimePoint::max()));
}

TEST(WholeSeconds, UnitsAndWhatIsNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"5s", "5"}, {"90", "90"},   {"10m", "600"}, {"2h", "7200"}, {"1d", "86400"},
      {"s", "s"},  {"5 s", "5 s"}, {"-5s", "-5s"}, {"5sm", "5sm"}, {"99999999999s", "99999999999s"}};
  for (const auto& [given, expected] : cases) EXPECT_EQ(whole_seconds(given), expected);
}

}  // namespace
}  // namespace qeaas::cli
