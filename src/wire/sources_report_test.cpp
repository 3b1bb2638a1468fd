// SPDX-License-Identifier: GPL-3.0-or-later
// The reports: names as documented, round trips in both encodings, and the refusals.
#include "wire/sources_report.hpp"

#include <gtest/gtest.h>

#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

SourceReport quantis() {
  SourceReport source;
  source.id = "quantis0";
  source.kind = SourceKind::quantum;
  source.state = SourceState::alarmed;
  source.last_failure = "repetition count";
  source.sample_bits = 8;
  source.min_entropy = MinEntropy::from_bits(7.9);
  source.claim = "the vendor's \"data sheet\"";
  source.conditioner = "sha256";
  source.rate_bytes_per_second = 500000;
  source.ledger = {1000000, 800000, 700000, 2048};
  source.intermittent_failures = 2;
  source.permanent_failures = 1;
  source.restarts = 3;
  return source;
}

SourcesReport report() {
  SourceReport second;
  second.id = "jitter";
  second.conditioned = true;
  second.ledger.assessed_bits_in = UINT64_MAX;
  return {"0.1.0", {EntropyType::direct, EntropyType::drbg}, 1, 1, {quantis(), second}};
}

TEST(SourcesReport, HasTheDocumentedNames) {
  const SourcesReport one{"0.1.0", {EntropyType::mixed}, 2, 1, {quantis()}};
  EXPECT_EQ(to_json(one).value(),
            R"({"version":"0.1.0","types":["mixed"],"min_sources":2,"healthy":1,"sources":[{"id":"quantis0","kind":"quantum",)"
            R"("conditioned":false,"state":"alarmed","last_failure":"repetition count","sample_bits":8,"min_entropy_microbits":7900000,)"
            R"("claim":"the vendor's \"data sheet\"","conditioner":"sha256","rate_bytes_per_second":500000,"ledger":{)"
            R"("assessed_bits_in":1000000,"full_entropy_bits_out":800000,"served_bits":700000,"dropped_samples":2048},)"
            R"("intermittent_failures":2,"permanent_failures":1,"restarts":3}]})");
}

TEST(SourcesReport, ComesBackFromBothEncodings) {
  const auto json = to_json(report());
  const auto cbor = to_cbor(report());
  ASSERT_TRUE(json.has_value() && cbor.has_value());
  EXPECT_EQ(sources_report_from_json(bytes_of(*json)), report());
  EXPECT_EQ(sources_report_from_cbor(*cbor), report());
  EXPECT_EQ(sources_report_from_cbor(to_cbor(SourcesReport{}).value()), SourcesReport{});
}

TEST(SourcesReport, EveryStateAndStatusHasAName) {
  for (const auto state : {SourceState::starting, SourceState::healthy, SourceState::alarmed, SourceState::gone}) {
    SourcesReport one{"", {}, 1, 0, {quantis()}};
    one.sources[0].state = state;
    EXPECT_EQ(sources_report_from_json(bytes_of(*to_json(one)))->sources[0].state, state);
  }
  for (const auto status : {HealthStatus::ok, HealthStatus::degraded, HealthStatus::failed})
    EXPECT_EQ(health_report_from_json(bytes_of(*to_json(HealthReport{status, 1, 2})))->status, status);
}

TEST(HealthReport, IsSmallAndExact) {
  const HealthReport health{HealthStatus::degraded, 1, 2};
  EXPECT_EQ(to_json(health).value(), R"({"status":"degraded","healthy":1,"total":2})");
  EXPECT_EQ(to_hex(to_cbor(health).value()),
            "a3"
            "65746f74616c"
            "02"
            "66737461747573"
            "686465677261646564"
            "676865616c746879"
            "01");
  EXPECT_EQ(health_report_from_cbor(to_cbor(health).value()), health);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(SourcesReport, RefusesWhatIsWrong) {
  const std::string good = to_json(report()).value();
  const auto error = [&](std::string_view what, std::string_view with) {
    const auto decoded = sources_report_from_json(bytes_of(replaced(good, what, with)));
    EXPECT_FALSE(decoded.has_value()) << what;
    return decoded ? Error::crypto : decoded.error();
  };
  EXPECT_EQ(error("\"quantum\"", "\"magic\""), Error::unknown);
  EXPECT_EQ(error("\"alarmed\"", "\"fine\""), Error::unknown);
  EXPECT_EQ(error("\"direct\"", "\"pure\""), Error::unknown);
  EXPECT_EQ(error("\"direct\"", "1"), Error::malformed);
  EXPECT_EQ(error("\"sample_bits\":8", "\"sample_bits\":-8"), Error::out_of_range);
  EXPECT_EQ(error("\"sample_bits\":8", "\"sample_bits\":65"), Error::out_of_range);
  EXPECT_EQ(error("\"sample_bits\":8", "\"sample_bits\":8.5"), Error::malformed);
  EXPECT_EQ(error("\"restarts\":3", "\"again\":3"), Error::malformed);
  EXPECT_EQ(error("\"served_bits\"", "\"served\""), Error::malformed);
  EXPECT_EQ(error("\"ledger\"", "\"account\""), Error::malformed);
  EXPECT_EQ(error("\"sources\":[", "\"sources\":[7,"), Error::malformed);
  EXPECT_EQ(error("\"version\"", "\"edition\""), Error::malformed);
}

TEST(SourcesReport, SkipsWhatIsNewAndBoundsWhatItReads) {
  const std::string newer = replaced(to_json(report()).value(), "{\"version\"", "{\"colour\":\"green\",\"version\"");
  EXPECT_EQ(sources_report_from_json(bytes_of(newer)), report());
  const std::vector<std::uint8_t> large(kMaxReportBytes + 1, ' ');
  EXPECT_EQ(sources_report_from_json(large).error(), Error::too_large);
  EXPECT_EQ(sources_report_from_cbor(large).error(), Error::too_large);
  EXPECT_EQ(health_report_from_cbor(test::bytes("c0")).error(), Error::unsupported);
  EXPECT_EQ(health_report_from_json(bytes_of("{")).error(), Error::malformed);
  EXPECT_EQ(health_report_from_json(bytes_of(R"({"status":"fine","healthy":1,"total":2})")).error(), Error::unknown);
}

TEST(SourcesReport, TextThatIsNoUtf8IsNotWritten) {
  SourcesReport broken = report();
  broken.sources[0].claim = "\xff";
  EXPECT_EQ(to_json(broken).error(), Error::malformed);
  EXPECT_EQ(to_cbor(broken).error(), Error::malformed);
}

}  // namespace
}  // namespace qeaas
