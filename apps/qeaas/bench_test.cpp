// SPDX-License-Identifier: GPL-3.0-or-later
// The measures over fake channels: what counts as a sample, what as a failure, when a run is given up; the pool; the options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench_network.hpp"
#include "bench_pool.hpp"
#include "bench_setup.hpp"
#include "client/fake_channel.hpp"
#include "crypto/random.hpp"

namespace qeaas::cli {
namespace {

using coap::MessageView;
using coap::Option;
using test::FakeChannel;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Reply payload(const std::string& text) { return {coap::code::kContent, {}, {text.begin(), text.end()}}; }
Reply busy(std::uint32_t seconds) { return {coap::code::kServiceUnavailable, {{Option::max_age, test::uint_value(seconds)}}, {}}; }

class Bench : public ::testing::Test {
 protected:
  Bench() {
    static_cast<void>(initialise_crypto(os_seed));
    target.open = [this](SessionTicket ticket) -> Outcome<std::unique_ptr<Channel>> {
      tickets.push_back(ticket != nullptr);
      if (door)
        if (auto open = door(tickets.size()); !open) return tl::unexpected(open.error());
      auto channel = std::make_unique<FakeChannel>(
          [this](FakeChannel& to, const MessageView& request) {
            if (!request.code.is_request()) return;
            ++requests;
            to.deliver(answer(to, request).piggybacked(request));
          },
          clock);
      if (dtls) channel->dtls = *dtls;
      return std::unique_ptr<Channel>(std::move(channel));
    };
    target.coap.now = [this] { return *clock; };
    target.request = {{"random"}, {"n=4"}, std::nullopt, ""};
    target.bytes = 4;
    target.exact = true;
    target.count = 3;
    target.warmup = 2;
    target.pause = 7ms;
    target.wait = [this](Clock::duration time) { waits.push_back(time); };
  }

  static std::uint64_t column(const BenchRun& run, std::string_view name, std::size_t row = 0) {
    for (std::size_t i = 0; i < run.columns.size(); ++i)
      if (run.columns[i].name == name) return static_cast<std::uint64_t>(run.samples.at(row).at(i));
    ADD_FAILURE() << "no column " << name;
    return 0;
  }
  BenchRun only() const {
    const auto runs = book.runs();
    EXPECT_EQ(runs.size(), 1u);
    for (const auto& row : runs.front().samples) EXPECT_EQ(row.size(), runs.front().columns.size());
    return runs.front();
  }

  std::shared_ptr<TimePoint> clock = std::make_shared<TimePoint>(1000s);
  std::function<Outcome<void>(std::size_t opened)> door;
  std::function<Reply(FakeChannel&, const MessageView&)> answer = [](FakeChannel&, const MessageView&) { return payload("1234"); };
  std::optional<DtlsReport> dtls;
  std::vector<bool> tickets;  // of each session opened: whether it had one
  std::size_t requests = 0;
  std::vector<Clock::duration> waits;
  BenchTarget target;
  BenchBook book;
};

TEST_F(Bench, EachHandshakeIsASessionOfItsOwnAndTheWarmUpIsNotRecorded) {
  measure_handshake(target, book, BenchProof::any);
  const auto run = only();
  EXPECT_EQ(run.measure, "handshake");
  EXPECT_EQ(run.samples.size(), 3u);
  EXPECT_EQ(run.failed, 0u);
  EXPECT_EQ(tickets.size(), 5u);
  EXPECT_EQ(requests, 5u);
  EXPECT_EQ(waits, std::vector<Clock::duration>(4, 7ms));
  EXPECT_EQ(run.peer.group, "none");
  EXPECT_EQ(column(run, "payload_bytes"), 4u);
  EXPECT_EQ(column(run, "round_trips"), 1u);
  EXPECT_EQ(column(run, "datagrams_out"), 1u);
  EXPECT_EQ(column(run, "handshake_datagrams_out"), 0u);
}

TEST_F(Bench, WhatWasNegotiatedIsToldAndTheTrafficIsTheReports) {
  dtls.emplace();
  dtls->group = "ML-KEM-512";
  dtls->signature = SignatureAlgorithm::ml_dsa_44;
  dtls->verified = true;
  dtls->bytes_sent = 2000;
  dtls->datagrams_received = 11;
  dtls->flights = 3;
  measure_handshake(target, book, BenchProof::any);
  const auto run = only();
  EXPECT_EQ(run.peer.group, "ML-KEM-512");
  EXPECT_EQ(run.peer.signature, "ML-DSA-44");
  EXPECT_TRUE(run.peer.verified);
  EXPECT_EQ(run.peer.resumed, "no");
  EXPECT_EQ(column(run, "bytes_out"), 2000u);
  EXPECT_EQ(column(run, "handshake_datagrams_in"), 11u);
  EXPECT_EQ(column(run, "flights"), 3u);
}

TEST_F(Bench, AFullHandshakeIsNoResumption) {
  measure_handshake(target, book, BenchProof::ticket);
  const auto run = only();
  EXPECT_EQ(run.measure, "resume");
  EXPECT_TRUE(run.samples.empty());
  EXPECT_TRUE(run.failed == 3 && !run.given_up);
  EXPECT_THAT(run.failures, ElementsAre(HasSubstr("did not resume")));
}

TEST_F(Bench, AResumedSessionCountsAndSaysSo) {
  dtls.emplace();
  dtls->resumed = true;
  measure_handshake(target, book, BenchProof::ticket);
  const auto run = only();
  EXPECT_EQ(run.samples.size(), 3u);
  EXPECT_EQ(run.peer.resumed, "ticket");
  EXPECT_EQ(run.peer.signature, "none");
  EXPECT_EQ(tickets.size(), 1u + 5u) << "one session to get a ticket from";
}

TEST_F(Bench, ACertificateIsNoPsk) {
  dtls.emplace();
  measure_handshake(target, book, BenchProof::psk);
  EXPECT_THAT(only().failures, ElementsAre(HasSubstr("did not take the pre-shared key")));
  dtls->psk = true;
  BenchBook second;
  measure_handshake(target, second, BenchProof::psk);
  EXPECT_EQ(second.runs().front().peer.resumed, "psk");
  EXPECT_EQ(second.runs().front().samples.size(), 3u);
}

TEST_F(Bench, AServerThatIsNotThereIsGivenUpSoon) {
  target.count = 100;
  door = [](std::size_t) -> Outcome<void> { return fault(Error::unreachable, "nobody\nthere"); };
  measure_handshake(target, book, BenchProof::any);
  const auto run = only();
  EXPECT_EQ(run.failed, 3u);
  EXPECT_TRUE(run.given_up);
  EXPECT_EQ(run.requested, 100u);
  EXPECT_THAT(run.failures, ElementsAre("nobody?there"));
  EXPECT_EQ(tickets.size(), 1u + 3u) << "one attempt of the warm-up";
}

TEST_F(Bench, AServerThatGoesAwayPartWayIsGivenMorePatience) {
  target.count = 100;
  target.warmup = 0;
  door = [](std::size_t opened) -> Outcome<void> { return opened <= 5 ? Outcome<void>() : fault(Error::timeout, "gone"); };
  measure_handshake(target, book, BenchProof::any);
  const auto run = only();
  EXPECT_EQ(run.samples.size(), 5u);
  EXPECT_EQ(run.failed, 10u);
  EXPECT_TRUE(run.given_up);
}

TEST_F(Bench, FailuresInBetweenAreCountedAndTheRestIsMeasured) {
  target.count = 20;
  target.warmup = 0;
  door = [](std::size_t opened) -> Outcome<void> { return opened % 2 == 0 ? Outcome<void>() : fault(Error::timeout, "lost"); };
  measure_handshake(target, book, BenchProof::any);
  const auto run = only();
  EXPECT_TRUE(run.samples.size() == 10 && run.failed == 10 && !run.given_up);
  EXPECT_THAT(run.failures, ElementsAre("lost"));
}

TEST_F(Bench, AServerThatSaysWhenToTryAgainIsWaitedForWithinReason) {
  target.warmup = 0;
  target.count = 2;
  target.pause = {};
  std::uint32_t seconds = 4;
  answer = [&](FakeChannel&, const MessageView&) { return busy(std::exchange(seconds, 3600)); };
  measure_request(target, book);
  EXPECT_EQ(only().failed, 2u);
  EXPECT_EQ(waits, (std::vector<Clock::duration>{4s, Clock::duration::zero(), 10s}));
}

TEST_F(Bench, AnAnswerOfAnotherSizeIsNoSample) {
  answer = [](FakeChannel&, const MessageView&) { return payload("12345"); };
  measure_request(target, book);
  EXPECT_THAT(only().failures, ElementsAre(HasSubstr("5 bytes where 4")));
}

TEST_F(Bench, AnyPayloadOfAnotherResourceIsASample) {
  target.exact = false;
  answer = [](FakeChannel&, const MessageView&) { return payload("libcoap says hello"); };
  measure_request(target, book);
  EXPECT_EQ(column(only(), "payload_bytes"), 18u);
}

TEST_F(Bench, RequestsShareASessionAndTheFirstIsNotMeasured) {
  measure_request(target, book);
  const auto run = only();
  EXPECT_EQ(tickets.size(), 1u);
  EXPECT_EQ(requests, 1u + 5u);
  EXPECT_EQ(run.samples.size(), 3u);
  EXPECT_EQ(column(run, "datagrams_out", 2), 1u);
}

TEST_F(Bench, ASessionThatTheServerClosedIsOpenedAgain) {
  target.warmup = 0;
  answer = [this](FakeChannel& to, const MessageView&) {
    if (requests == 2) to.receive_error = Error::closed;
    return payload("1234");
  };
  measure_request(target, book);
  const auto run = only();
  EXPECT_EQ(run.failed, 1u);
  EXPECT_EQ(run.samples.size(), 2u);
  EXPECT_EQ(tickets.size(), 2u);
}

TEST_F(Bench, WakingMovesThePortEveryTime) {
  std::vector<unsigned> rebinds;  // before each request
  answer = [&](FakeChannel& to, const MessageView&) {
    rebinds.push_back(to.rebinds);
    return payload("1234");
  };
  measure_wake(target, book);
  const auto run = only();
  EXPECT_EQ(run.measure, "wake");
  EXPECT_EQ(run.samples.size(), 3u);
  EXPECT_EQ(column(run, "kept"), 1u);
  EXPECT_THAT(rebinds, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(tickets.size(), 1u);
}

TEST_F(Bench, AWakeThatFailsBeginsWithAnotherSession) {
  target.warmup = 0;
  answer = [this](FakeChannel& to, const MessageView&) {
    if (requests == 2) to.receive_error = Error::unreachable;
    return payload("1234");
  };
  measure_wake(target, book);
  EXPECT_EQ(only().failed, 1u);
  EXPECT_EQ(only().samples.size(), 2u);
  EXPECT_EQ(tickets.size(), 2u);
}

TEST_F(Bench, APortThatCannotBeHadIsAFailure) {
  target.warmup = 0;
  answer = [this](FakeChannel& to, const MessageView&) {
    if (requests == 1) to.rebind_error = Error::in_use;
    return payload("1234");
  };
  measure_wake(target, book);
  const auto run = only();
  EXPECT_EQ(run.failed, 3u) << "a port that cannot be had is the machine's fault, not the session's";
  EXPECT_EQ(tickets.size(), 1u);
  EXPECT_THAT(run.failures, ElementsAre(HasSubstr("a new local port")));
}

TEST_F(Bench, TheCycleGoesThroughTheProxyIntoThePool) {
  target.bytes = 8;
  target.cycle = {{}, {}, std::nullopt, "http://127.0.0.1:6065/random_number/8"};
  answer = [](FakeChannel&, const MessageView& request) {
    EXPECT_EQ(request.options.find(Option::proxy_uri)->text(), "http://127.0.0.1:6065/random_number/8");
    return payload(R"({"return":0,"random_number":4711})");
  };
  measure_cycle(target, book);
  const auto run = only();
  EXPECT_EQ(run.samples.size(), 3u);
  const auto& row = run.samples.front();
  EXPECT_NEAR(row[0], row[1] + row[2] + row[3] + row[4], 0.01) << "the parts make the whole";
}

TEST_F(Bench, AnAnswerThatIsNoNumberIsAFailureOfTheCycle) {
  target.cycle.proxy_uri = "http://127.0.0.1:6065/random_number/4";
  answer = [](FakeChannel&, const MessageView&) { return payload("<h1>no</h1>"); };
  measure_cycle(target, book);
  EXPECT_THAT(only().failures, ElementsAre(HasSubstr("/random_number/n")));
}

TEST_F(Bench, AStoppedBookEndsTheRun) {
  target.count = 100;
  answer = [this](FakeChannel&, const MessageView&) {
    if (requests == 6) book.stop();
    return payload("1234");
  };
  measure_handshake(target, book, BenchProof::any);
  EXPECT_EQ(only().samples.size(), 4u);
  EXPECT_EQ(book.progress(), "handshake 4 of 100");
}

TEST_F(Bench, ThePoolHasARunForEachSizeAndDirection) {
  measure_pool(target, book);
  const auto runs = book.runs();
  ASSERT_EQ(runs.size(), 10u);
  EXPECT_EQ(runs.front().measure, "inject");
  EXPECT_EQ(runs.back().measure, "extract");
  EXPECT_EQ(runs.back().numbers.front(), (std::pair<std::string_view, std::uint64_t>("bytes", 256)));
  for (const auto& run : runs) {
    EXPECT_EQ(run.samples.size(), 3u);
    EXPECT_GE(run.numbers.at(1).second, 1u);
    EXPECT_FALSE(run.has_peer);
    for (const auto& row : run.samples) EXPECT_GT(row.front(), 0);
  }
}

TEST(BenchOptionsTest, MeasuresAreNamedWithCommas) {
  EXPECT_EQ(read_measures("pool").value(), std::vector<Measure>{Measure::pool});
  EXPECT_EQ(read_measures("handshake,resume,psk,request,wake,cycle,pool").value().size(), 7u);
  for (const auto* wrong : {"", "nothing", "pool,", ",pool", "pool, request", "Pool"})
    EXPECT_EQ(read_measures(wrong).error().error, Error::unknown) << wrong;
  EXPECT_EQ(read_measures("pool,request,pool").error().error, Error::in_use);
}

TEST(BenchOptionsTest, APathIsSplitAsRfc7252Says) {
  const auto request = read_path("/a%20b/c?x=1&y").value();
  EXPECT_THAT(request.path, ElementsAre("a b", "c"));
  EXPECT_THAT(request.query, ElementsAre("x=1", "y"));
  EXPECT_TRUE(read_path("/").value().path.empty());
  for (const auto* wrong : {"", "random", "/%2", "coap://h/"}) EXPECT_EQ(read_path(wrong).error().error, Error::malformed) << wrong;
}

BenchOptions insecure(const std::string& from) {
  BenchOptions options;
  options.connection.from = {from};
  options.connection.insecure = true;
  return options;
}

TEST(BenchOptionsTest, ContradictionsAreUsageErrors) {
  auto options = insecure("coap://127.0.0.1");
  EXPECT_FALSE(usage_fault(options));
  for (const auto* list : {"resume", "wake", "psk"}) {
    options.measures = list;
    EXPECT_EQ(usage_fault(options).value().error, Error::unsupported) << list;
  }
  options = insecure("coaps://127.0.0.1");
  options.measures = "psk";
  EXPECT_THAT(usage_fault(options).value().text, HasSubstr("--psk ID:FILE"));
  options.measures = "cycle";
  options.bytes = 257;
  EXPECT_EQ(usage_fault(options).value().error, Error::out_of_range);
  options.bytes = 256;
  EXPECT_FALSE(usage_fault(options));
  options.proxy_uri = "http://h/";
  options.path = "/other";
  EXPECT_THAT(usage_fault(options).value().text, HasSubstr("--path"));
}

TEST(BenchOptionsTest, WhatIsAskedFor) {
  auto options = insecure("coaps://127.0.0.1");
  auto plan = make_plan(options).value();
  EXPECT_THAT(plan.target.request.query, ElementsAre("n=32"));
  EXPECT_TRUE(plan.target.exact);
  EXPECT_EQ(plan.target.cycle.proxy_uri, "http://127.0.0.1:6065/random_number/32");
  EXPECT_EQ(plan.measures, (std::vector<Measure>{Measure::handshake, Measure::resume, Measure::request, Measure::pool}));
  options.path = "/time?x";
  plan = make_plan(options).value();
  EXPECT_THAT(plan.target.request.path, ElementsAre("time"));
  EXPECT_FALSE(plan.target.exact);
  options.path = "/random";
  options.proxy_uri = "http://origin/random_number/8";
  plan = make_plan(options).value();
  EXPECT_TRUE(plan.target.request.path.empty() && plan.target.request.query.empty() && !plan.target.exact);
  EXPECT_EQ(plan.target.request.proxy_uri, options.proxy_uri);
  EXPECT_EQ(plan.target.cycle.proxy_uri, options.proxy_uri);
  plan = make_plan(insecure("coap://127.0.0.1")).value();
  EXPECT_EQ(plan.measures, (std::vector<Measure>{Measure::handshake, Measure::request, Measure::pool}));
}

}  // namespace
}  // namespace qeaas::cli
