// SPDX-License-Identifier: GPL-3.0-or-later
// The reports that the dashboard reads: names and shapes as documented, and what is not there yet.
#include "wire/statistics_report.hpp"

#include <gtest/gtest.h>

#include "wire/sessions_report.hpp"

namespace qeaas {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

const system_clock::time_point kTime(milliseconds(1'234'567'890'123));

TEST(StatisticsReport, HasTheDocumentedNames) {
  SourceStatisticsReport source{"sim", SourceKind::simulated, 1, 65536, 17, 3, {}};
  source.window = WindowReport{kTime, {32000, 33536}, {33536}, 65520, 32800, -1234};
  EXPECT_EQ(to_json(StatisticsReport{{source}}).value(),
            R"({"sources":[{"id":"sim","kind":"simulated","sample_bits":1,"window_samples":65536,"collected_samples":17,"windows":3,)"
            R"("finished":"2009-02-13T23:31:30.123Z","histogram":[32000,33536],"bit_ones":[33536],)"
            R"("serial":{"pairs":65520,"equal":32800,"correlation_ppm":-1234}}]})");
}

TEST(StatisticsReport, SaysWhatIsNotKnownYet) {
  const SourceStatisticsReport early{"a", SourceKind::physical, 8, 65536, 4096, 0, {}};
  EXPECT_EQ(to_json(StatisticsReport{{early}}).value(),
            R"({"sources":[{"id":"a","kind":"physical","sample_bits":8,"window_samples":65536,"collected_samples":4096,"windows":0,)"
            R"("finished":null,"histogram":[],"bit_ones":[],"serial":null}]})");
  auto stuck = early;
  stuck.window = WindowReport{};
  EXPECT_NE(to_json(StatisticsReport{{stuck}})->find(R"("correlation_ppm":null)"), std::string::npos);
  EXPECT_EQ(to_json(StatisticsReport{}).value(), R"({"sources":[]})");
}

TEST(AlarmsReport, HasTheDocumentedNames) {
  const AlarmReport alarm{kTime, kTime + milliseconds(877), 2, "a", "alarm", "the \"lag\" test"};
  EXPECT_EQ(to_json(AlarmsReport{{alarm}}).value(),
            R"({"alarms":[{"time":"2009-02-13T23:31:30.123Z","last":"2009-02-13T23:31:31.000Z","count":2,"source":"a",)"
            R"("event":"alarm","text":"the \"lag\" test"}]})");
  EXPECT_EQ(to_json(AlarmsReport{}).value(), R"({"alarms":[]})");
}

TEST(SessionsReport, HasTheDocumentedNames) {
  const SessionsRow row{"coaps", "MLKEM512", "ML-DSA-44", 2, 10, 7};
  EXPECT_EQ(to_json(SessionsReport{{row}}).value(),
            R"({"sessions":[{"transport":"coaps","group":"MLKEM512","signature":"ML-DSA-44","open":2,"total":10,"resumed":7}]})");
  EXPECT_EQ(to_json(SessionsReport{}).value(), R"({"sessions":[]})");
}

TEST(DashboardReports, TextThatIsNoUtf8IsNotWritten) {
  const std::string bad = "\xff";
  EXPECT_EQ(to_json(StatisticsReport{{{bad, SourceKind::os, 8, 0, 0, 0, {}}}}).error(), Error::malformed);
  EXPECT_EQ(to_json(AlarmsReport{{{kTime, kTime, 1, "a", "lost", bad}}}).error(), Error::malformed);
  EXPECT_EQ(to_json(SessionsReport{{{bad, "", "", 0, 0, 0}}}).error(), Error::malformed);
}

}  // namespace
}  // namespace qeaas
