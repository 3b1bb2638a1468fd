// SPDX-License-Identifier: GPL-3.0-or-later
// What `qeaas bench` prints, to the letter: bench/paper reads the JSON.
#include "bench_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qeaas::cli {
namespace {

using Kind = BenchColumn::Kind;
using ::testing::HasSubstr;
using ::testing::Not;

const BenchHeading kHeading{"coaps://[::1]:5684", std::chrono::system_clock::time_point(1'795'338'000'250ms), 5, false};

BenchRun wake() {
  BenchRun run;
  run.measure = "wake";
  run.numbers = {{"mtu", 1280}, {"entropy_bytes", 32}};
  run.columns = {{"us", Kind::microseconds, "request to answer"}, {"bytes_out", Kind::count, ""}, {"kept", Kind::flag, ""}};
  run.requested = 4;
  run.has_peer = true;
  run.peer = {"ML-KEM-512", "ML-DSA-44", true, "no"};
  run.failed = 2;
  run.failures = {"no \"answer\""};
  run.given_up = true;
  run.samples = {{1500.12345, 56, 1}, {2500, 57, 0}};
  return run;
}
BenchRun inject() {
  BenchRun run;
  run.measure = "inject";
  run.numbers = {{"bytes", 16}, {"calls_per_sample", 64}};
  run.columns = {{"ns", Kind::nanoseconds, "call"}};
  run.requested = 1;
  run.samples = {{827.75}};
  return run;
}

TEST(BenchReport, JsonHasEverySample) {
  EXPECT_EQ(
      bench_json(kHeading, {wake(), inject()}),
      R"({"tool":"qeaas bench","version":")" QEAAS_VERSION
      R"(","date":"2026-11-22T09:00:00.250Z","server":"coaps://[::1]:5684","warmup":5,"interrupted":false,"runs":[)"
      R"({"measure":"wake","group":"ML-KEM-512","signature":"ML-DSA-44","verified":true,"resumed":"no","mtu":1280,"entropy_bytes":32,)"
      R"("requested":4,"failed":2,"given_up":true,"failures":["no \"answer\""],)"
      R"("samples":[{"us":1500.123,"bytes_out":56,"kept":true},{"us":2500.000,"bytes_out":57,"kept":false}]},)"
      R"({"measure":"inject","bytes":16,"calls_per_sample":64,"requested":1,"failed":0,"given_up":false,"failures":[],)"
      R"("samples":[{"ns":827.750}]}]})"
      "\n");
}

TEST(BenchReport, TheTableHasTheStatistics) {
  const auto text = bench_table(kHeading, {wake(), inject()});
  EXPECT_THAT(text, HasSubstr("measured coaps://[::1]:5684 at 2026-11-22T09:00:00.250Z, after 5 samples of warm-up\n"));
  EXPECT_THAT(text, HasSubstr("| measure | from, to          | unit | samples | failed |  mean |    sd | median |   p95 |   p99 |\n"
                              "| ------- | ----------------- | ---- | ------: | -----: | ----: | ----: | -----: | ----: | ----: |\n"
                              "| wake    | request to answer | ms   |       2 |      2 | 2.000 | 0.707 |  2.000 | 2.450 | 2.490 |\n"
                              "| inject  | call of 16 bytes  | ns   |       1 |      0 | 827.8 |   0.0 |  827.8 | 827.8 | 827.8 |\n"));
  EXPECT_THAT(text, HasSubstr("wake: group=ML-KEM-512 signature=ML-DSA-44 verified=yes resumed=no mtu=1280 entropy_bytes=32\n"
                              "wake failed: no \"answer\"\n"
                              "wake was given up after too many failures in a row\n"));
  EXPECT_THAT(text, HasSubstr("inject: bytes mixed into the pool"));
  EXPECT_THAT(text, Not(HasSubstr("extract: ")));
}

TEST(BenchReport, AMeasureWithoutSamplesHasNoFigures) {
  auto run = wake();
  run.samples.clear();
  const auto text = bench_table({kHeading.server, kHeading.date, 0, true}, {run});
  EXPECT_THAT(text, HasSubstr("0 samples of warm-up, interrupted\n"));
  EXPECT_THAT(text, HasSubstr("| wake    | request to answer | ms   |       0 |      2 |    - |"));
  EXPECT_THAT(text, Not(HasSubstr("group=")));
  EXPECT_THAT(bench_json({kHeading.server, kHeading.date, 0, true}, {run}), HasSubstr(R"("interrupted":true)"));
}

}  // namespace
}  // namespace qeaas::cli
