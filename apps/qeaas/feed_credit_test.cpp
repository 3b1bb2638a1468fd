// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel is told that bytes hold, case by case.
#include "feed_credit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qeaas::cli {
namespace {

using ::testing::HasSubstr;

const SourceTag kLamp{"lamp", SourceKind::quantum, false};
const SourceTag kRdseed{"rdseed", SourceKind::physical, true};
const SourceTag kVirtio{"virtio", SourceKind::os, true};
const SourceTag kFar{"far", SourceKind::remote, true};
const SourceTag kSim{"sim", SourceKind::simulated, false};

FeedAnswer answer(std::vector<SourceTag> sources, Way way = Way::local) {
  return {"somewhere", way, EntropyType::direct, std::move(sources), false};
}
Judgement judged(std::vector<SourceTag> sources, Way way = Way::local) { return judge(answer(std::move(sources), way), {}); }

TEST(FeedCredit, QuantumAndPhysicalSourcesAreFull) {
  EXPECT_TRUE(judged({kLamp}).full);
  EXPECT_TRUE(judged({kRdseed}).full);
  EXPECT_TRUE(judged({kLamp, kRdseed}).full);
  EXPECT_EQ(judged({kLamp, kRdseed}).why, "full entropy from lamp (quantum), rdseed (physical)");
}

TEST(FeedCredit, TheKernelIsNotCreditedForItsOwnBytes) {
  EXPECT_FALSE(judged({kVirtio}).full);
  EXPECT_THAT(judged({kVirtio}).why, HasSubstr("virtio (os): a kernel's or a hypervisor's own bytes"));
  EXPECT_FALSE(judged({kVirtio, kFar}).full);
}

TEST(FeedCredit, WhatIsXoredOnAddsNothingAndTakesNothing) {
  const auto judgement = judged({kLamp, kVirtio, kFar});
  EXPECT_TRUE(judgement.full);
  EXPECT_THAT(judgement.why, HasSubstr("nothing for virtio (os), far (remote)"));
}

TEST(FeedCredit, AFarEndThatTheServerDoesNotTrustIsNothing) {
  EXPECT_FALSE(judged({kFar}).full);
  EXPECT_THAT(judged({kFar}).why, HasSubstr("does not trust"));
}

TEST(FeedCredit, OneSimulatedSourceSpoilsAnAnswer) {
  EXPECT_FALSE(judged({kSim}).full);
  EXPECT_FALSE(judged({kLamp, kSim}).full);
  auto marked = answer({kLamp});
  marked.simulated = true;
  EXPECT_FALSE(judge(marked, {}).full);
  EXPECT_THAT(judge(marked, {}).why, HasSubstr("SIMULATED"));
}

TEST(FeedCredit, WithoutASourceThereIsNothingToGoBy) { EXPECT_FALSE(judged({}).full); }

TEST(FeedCredit, MixedIsFullAndAGeneratorsOutputIsNot) {
  auto made = answer({kLamp});
  made.type = EntropyType::mixed;
  EXPECT_TRUE(judge(made, {}).full);
  made.type = EntropyType::drbg;
  EXPECT_FALSE(judge(made, {}).full);
}

TEST(FeedCredit, TheLinkDecidesToo) {
  EXPECT_TRUE(judged({kLamp}, Way::post_quantum).full);
  EXPECT_FALSE(judged({kLamp}, Way::unverified).full);
  EXPECT_FALSE(judged({kLamp}, Way::plain).full);
  EXPECT_FALSE(judged({kLamp}, Way::classical).full);
  EXPECT_THAT(judged({kLamp}, Way::classical).why, HasSubstr("--credit-classical"));
}

TEST(FeedCredit, AClassicalLinkIsCreditedWhereTheOperatorSaysSo) {
  EXPECT_TRUE(judge(answer({kLamp}, Way::classical), {true}).full);
  EXPECT_FALSE(judge(answer({kVirtio}, Way::classical), {true}).full);
  EXPECT_FALSE(judge(answer({kLamp}, Way::unverified), {true}).full);
  EXPECT_FALSE(judge(answer({kLamp}, Way::plain), {true}).full);
}

TEST(FeedCredit, ALinkOfTheServerIsALinkToo) {
  const SourceTag far{"far", SourceKind::quantum, true, true};
  const SourceTag untrusted{"other", SourceKind::remote, true, true};
  for (const auto way : {Way::local, Way::post_quantum}) {
    EXPECT_FALSE(judged({far}, way).full);
    EXPECT_THAT(judged({far}, way).why, HasSubstr("far (quantum) came to the server over a link that is not post-quantum"));
    EXPECT_FALSE(judged({kLamp, far}, way).full) << "which blocks are the lamp's is not said";
    EXPECT_TRUE(judge(answer({far}, way), {true}).full);
    EXPECT_TRUE(judged({kLamp, untrusted}, way).full) << "what is XORed on takes nothing";
  }
}

TEST(FeedCredit, NamesOfSourcesCannotSteerATerminal) {
  EXPECT_EQ(judged({SourceTag{"a\x1b[2J", SourceKind::quantum, false}}).why.find('\x1b'), std::string::npos);
}

TEST(FeedCredit, OneAnswerIsWorthItsWholeBlocks) {
  const std::vector<FeedAnswer> one{answer({kLamp})};
  EXPECT_EQ(assess(one, 64, {}).bits, 512U);
  EXPECT_EQ(assess(one, 32, {}).bits, 256U);
  EXPECT_EQ(assess(one, 33, {}).bits, 256U);
  EXPECT_EQ(assess(one, 31, {}).bits, 0U);
  EXPECT_EQ(assess(one, 0, {}).bits, 0U);
}

TEST(FeedCredit, HashedTogetherOneGoodAnswerLosesABitABlock) {
  const std::vector<FeedAnswer> one_good{answer({kSim}), answer({kLamp}, Way::post_quantum), answer({kVirtio})};
  const auto credit = assess(one_good, 64, {});
  EXPECT_EQ(credit.bits, 510U);
  ASSERT_EQ(credit.judgements.size(), 3U);
  EXPECT_FALSE(credit.judgements[0].full);
  EXPECT_TRUE(credit.judgements[1].full);
  const std::vector<FeedAnswer> two_good{answer({kRdseed}), answer({kLamp})};
  EXPECT_EQ(assess(two_good, 64, {}).bits, 512U);
}

TEST(FeedCredit, ManyAnswersOfNothingAreNothing) {
  const std::vector<FeedAnswer> none{answer({kSim}), answer({kVirtio}), answer({kLamp}, Way::plain)};
  EXPECT_EQ(assess(none, 4096, {}).bits, 0U);
  EXPECT_EQ(assess({}, 64, {}).bits, 0U);
}

}  // namespace
}  // namespace qeaas::cli
