// SPDX-License-Identifier: GPL-3.0-or-later
// What each resource answers, and each refusal with its code, its problem details and its retry time.
#include "coap/endpoint_fixture.hpp"

namespace qeaas::coap::testing {
namespace {

struct Refused {
  const char* what;
  Ask request;
  Code code;
  const char* title;
};
class EndpointRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(EndpointRefuses, WithProblemDetails) {
  World world;
  FakePeer peer;
  const Reply reply = world.ask(peer, GetParam().request);
  EXPECT_EQ(reply.view.code, GetParam().code) << GetParam().what;
  EXPECT_EQ(problem(reply), GetParam().title) << GetParam().what;
  EXPECT_LE(reply.raw.size(), kUnverifiedAnswerBytes) << "an error may not amplify";
  EXPECT_EQ(world.draw.draws, 0u);
  EXPECT_EQ(world.endpoint.counters().refusals.get(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, EndpointRefuses,
    ::testing::Values(
        Refused{"n=0", Ask::random({"n=0"}), code::kBadRequest, "out_of_range"},
        Refused{"n=65537", Ask::random({"n=65537"}), code::kRequestEntityTooLarge, "too_large"},
        Refused{"n=x", Ask::random({"n=x"}), code::kBadRequest, "malformed"},
        Refused{"n twice", Ask::random({"n=1", "n=2"}), code::kBadRequest, "malformed"},
        Refused{"t=best", Ask::random({"t=best"}), code::kBadRequest, "unknown"},
        Refused{"every=0", Ask::random({"every=0"}).with(Option::observe, 0u), code::kBadRequest, "out_of_range"},
        Refused{"every=86401", Ask::random({"every=86401"}).with(Option::observe, 0u), code::kBadRequest, "out_of_range"},
        Refused{"a stranger", Ask::random({"m=1"}), code::kBadRequest, "unknown"},
        Refused{"Accept text", Ask::random().with(Option::accept, 0u), code::kNotAcceptable, "unsupported"},
        Refused{"Accept link format", Ask::random().with(Option::accept, 40u), code::kNotAcceptable, "unsupported"},
        Refused{"sources as octets", Ask::path({"sources"}).with(Option::accept, 42u), code::kNotAcceptable, "unsupported"},
        Refused{"core as JSON", Ask::path({".well-known", "core"}).with(Option::accept, 50u), code::kNotAcceptable, "unsupported"},
        Refused{"sources with a query", Ask::path({"sources"}).with(Option::uri_query, "a=b"), code::kBadRequest, "unknown"},
        Refused{"core with a bare query", Ask::path({".well-known", "core"}).with(Option::uri_query, "rt"), code::kBadRequest, "malformed"},
        Refused{"core with two queries", Ask::path({".well-known", "core"}).with(Option::uri_query, "rt=a").with(Option::uri_query, "ct=0"),
                code::kBadRequest, "malformed"},
        Refused{"the root", Ask{}, code::kNotFound, "unknown"}, Refused{"a prefix", Ask::path({".well-known"}), code::kNotFound, "unknown"},
        Refused{"a longer path", Ask::path({"random", ""}), code::kNotFound, "unknown"},
        Refused{"another case", Ask::path({"Random"}), code::kNotFound, "unknown"},
        Refused{"three segments", Ask::path({".well-known", "core", "x"}), code::kNotFound, "unknown"},
        Refused{"POST", Ask::random().by(code::kPost), code::kMethodNotAllowed, "unsupported"},
        Refused{"FETCH", Ask::random().by(code::kFetch), code::kMethodNotAllowed, "unsupported"},
        Refused{"method 0.31", Ask::random().by(Code::of(0, 31)), code::kMethodNotAllowed, "unsupported"},
        Refused{"Proxy-Uri", Ask{}.with(Option::proxy_uri, "http://127.0.0.1:6065/"), code::kProxyingNotSupported, "unsupported"},
        Refused{"Proxy-Scheme", Ask::random().with(Option::proxy_scheme, "coap"), code::kProxyingNotSupported, "unsupported"},
        Refused{"block of size 7", Ask::random().with(Option::block2, 7u), code::kBadRequest, "malformed"},
        Refused{"block of nothing", Ask::random().block(1, 6), code::kRequestEntityIncomplete, "not_found"},
        Refused{"core beyond its end", Ask::path({".well-known", "core"}).block(9, 6), code::kBadRequest, "out_of_range"}));

TEST(EndpointRandom, SizeAndType) {
  World world;
  FakePeer peer;
  EXPECT_EQ(world.ask(peer, Ask::random({"n=1", "t=direct"})).payload(), FakeDraw::bytes(1, 1));
  EXPECT_EQ(world.draw.last_type, EntropyType::direct);
  EXPECT_EQ(world.ask(peer, Ask::random({"t=drbg", "n=1024"}).mid(2)).payload(), FakeDraw::bytes(2, 1024));
  EXPECT_EQ(world.draw.last_type, EntropyType::drbg);
  EXPECT_EQ(world.gate.debited, 1025u);
}

TEST(EndpointRandom, AcceptChoosesTheFormat) {
  World world;
  FakePeer peer;
  const Reply octets = world.ask(peer, Ask::random().with(Option::accept, 42u));
  EXPECT_EQ(octets.uint(Option::content_format), format::kOctetStream);
  for (const auto& [id, wire, kind] :
       {std::tuple{2, format::kJson, AnswerFormat::json}, std::tuple{3, format::kCbor, AnswerFormat::cbor}}) {
    const Reply reply = world.ask(peer, Ask::random().mid(static_cast<std::uint16_t>(id)).with(Option::accept, std::uint32_t{wire}));
    EXPECT_EQ(reply.uint(Option::content_format), wire);
    EXPECT_EQ(reply.uint(Option::max_age), 0u);
    const auto answer = decode_random_answer(kind, reply.view.payload);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(buffer(answer->random.span()), FakeDraw::bytes(static_cast<std::uint64_t>(id), 32));
    EXPECT_EQ(answer->sources.at(0).id, "fake");
    EXPECT_EQ(answer->type, EntropyType::mixed);
  }
}

TEST(EndpointRandom, WithoutObserveThePaceIsIgnored) {
  World world;
  FakePeer peer;
  EXPECT_EQ(world.ask(peer, Ask::random({"every=5"})).view.code, code::kContent);
  EXPECT_EQ(world.endpoint.observations(), 0u);
}

TEST(EndpointRandom, ServiceErrorsAre503WithARetryTime) {
  for (const Error error : {Error::starved, Error::alarmed, Error::source_gone, Error::io, Error::crypto}) {
    World world;
    FakePeer peer;
    world.draw.error = error;
    const Reply reply = world.ask(peer, Ask::random());
    EXPECT_EQ(reply.view.code, code::kServiceUnavailable);
    EXPECT_EQ(reply.uint(Option::max_age), 7u);
    EXPECT_EQ(problem(reply), name(error));
    EXPECT_EQ(world.ask(peer, Ask::random({"n=40000"}).mid(2)).view.code, code::kServiceUnavailable);
    EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
    EXPECT_EQ(world.gate.given_back, 40032u) << "what failed costs nothing";
    EXPECT_EQ(world.gate.given_back, world.gate.debited);
  }
}

TEST(EndpointRandom, WhatIsServedOrRefusedIsNotGivenBack) {
  World world;
  FakePeer peer;
  EXPECT_EQ(world.ask(peer, Ask::random()).view.code, code::kContent);
  world.gate.decision = access::Decision::no(Error::over_quota, 3s);
  EXPECT_EQ(world.ask(peer, Ask::random().mid(2)).view.code, code::kTooManyRequests);
  EXPECT_EQ(world.gate.given_back, 0u);
}

TEST(EndpointRandom, RetryTimeIsAtLeastOneSecond) {
  World world;
  FakePeer peer;
  world.draw.error = Error::starved;
  world.draw.retry = 0s;
  EXPECT_EQ(world.ask(peer, Ask::random()).uint(Option::max_age), 1u);
}

TEST(EndpointRandom, MoreThanAReservoirHoldsIsTooLarge) {
  World world;
  FakePeer peer;
  world.draw.error = Error::too_large;
  const Reply reply = world.ask(peer, Ask::random({"n=65536"}));
  EXPECT_EQ(reply.view.code, code::kRequestEntityTooLarge);
  EXPECT_EQ(problem(reply), "too_large");
}

TEST(EndpointRandom, TheGateRefusesBeforeADraw) {
  const std::tuple<access::Decision, Code, std::optional<std::uint32_t>> cases[] = {
      {access::Decision::no(Error::over_quota, 12s), code::kTooManyRequests, 12},
      {access::Decision::no(Error::io, 3s), code::kServiceUnavailable, 3},
      {access::Decision::no(Error::forbidden), code::kForbidden, 0},
      {access::Decision::no(Error::refused), code::kForbidden, 0},
      {access::Decision::no(Error::unauthorized), code::kUnauthorized, 0},
      {access::Decision::no(Error::too_large), code::kRequestEntityTooLarge, 0}};
  for (const auto& [decision, expected, retry] : cases) {
    World world;
    FakePeer peer;
    world.gate.decision = decision;
    const Reply reply = world.ask(peer, Ask::random());
    EXPECT_EQ(reply.view.code, expected);
    EXPECT_EQ(reply.uint(Option::max_age), retry);
    EXPECT_EQ(problem(reply), name(*decision.refusal));
    EXPECT_EQ(world.draw.draws, 0u);
    EXPECT_EQ(world.gate.last_peer, &peer);
    EXPECT_EQ(world.ask(peer, Ask::path({"sources"}).mid(2)).view.code, expected);
  }
}

TEST(EndpointRandom, AnUnencodableAccountIsAnInternalError) {
  for (const char* size : {"n=32", "n=2000"}) {
    World world;
    FakePeer peer;
    world.draw.tag.id = "\xff";
    const Reply reply = world.ask(peer, Ask::random({size}).with(Option::accept, 60u));
    EXPECT_EQ(reply.view.code, code::kInternalServerError);
    EXPECT_EQ(problem(reply), "malformed");
  }
}

TEST(EndpointReports, SourcesInBothFormats) {
  World world;
  FakePeer peer;
  const Reply cbor = world.ask(peer, Ask::path({"sources"}));
  EXPECT_EQ(cbor.uint(Option::content_format), format::kCbor);
  EXPECT_EQ(cbor.uint(Option::max_age), 0u);
  const auto decoded = sources_report_from_cbor(cbor.view.payload);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, world.report);
  const Reply json = world.ask(peer, Ask::path({"sources"}).mid(2).with(Option::accept, 50u));
  EXPECT_EQ(json.uint(Option::content_format), format::kJson);
  EXPECT_EQ(sources_report_from_json(json.view.payload).value_or(SourcesReport{}), world.report);
}

TEST(EndpointReports, HealthIsTheSummary) {
  const std::tuple<std::uint64_t, std::uint64_t, HealthStatus> cases[] = {
      {2, 1, HealthStatus::ok}, {1, 1, HealthStatus::degraded}, {1, 2, HealthStatus::failed}, {0, 0, HealthStatus::failed}};
  for (const auto& [healthy, needed, status] : cases) {
    World world;
    FakePeer peer;
    world.report.sources.resize(2);
    world.report.sources.back().id = "other";
    world.report.healthy = healthy;
    world.report.min_sources = needed;
    const Reply cbor = world.ask(peer, Ask::path({"health"}));
    EXPECT_EQ(health_report_from_cbor(cbor.view.payload).value_or(HealthReport{}), (HealthReport{status, healthy, 2}));
    const Reply json = world.ask(peer, Ask::path({"health"}).mid(2).with(Option::accept, 50u));
    EXPECT_EQ(health_report_from_json(json.view.payload).value_or(HealthReport{}), (HealthReport{status, healthy, 2}));
  }
}

TEST(EndpointReports, AnUnencodableReportIsAnInternalError) {
  World world;
  FakePeer peer;
  world.report.version = "\xff";
  EXPECT_EQ(world.ask(peer, Ask::path({"sources"})).view.code, code::kInternalServerError);
  EXPECT_EQ(world.ask(peer, Ask::path({"sources"}).mid(2).with(Option::accept, 50u)).view.code, code::kInternalServerError);
}

TEST(EndpointReports, LargeReportGoesInBlocks) {
  World world;
  FakePeer peer;
  world.report.sources.resize(12, world.report.sources.front());
  Reply reply = world.ask(peer, Ask::path({"sources"}));
  const auto etag = reply.bytes(Option::etag);
  ASSERT_TRUE(reply.block2() && reply.block2()->more && etag);
  Buffer body = reply.payload();
  for (std::uint32_t num = 1; reply.block2()->more; ++num) {
    reply = world.ask(peer, Ask::path({"sources"}).mid(static_cast<std::uint16_t>(num + 1)).block(num, 6));
    ASSERT_EQ(reply.bytes(Option::etag), etag);
    body.insert(body.end(), reply.view.payload.begin(), reply.view.payload.end());
  }
  EXPECT_EQ(sources_report_from_cbor(body).value_or(SourcesReport{}), world.report);
}

TEST(EndpointCore, ListsWhatThereIs) {
  World world;
  FakePeer peer;
  const Reply reply = world.ask(peer, Ask::path({".well-known", "core"}));
  EXPECT_EQ(reply.uint(Option::content_format), format::kLinkFormat);
  const std::string text(text_of(reply.view.payload));
  for (const char* part : {"</random>", "</sources>", "</health>", "obs", "ct=\"42 50 60\"", "ct=\"60 50\""})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_EQ(text.find("proxy"), std::string::npos);
}

TEST(EndpointCore, FiltersAndEmptySelection) {
  World world;
  FakePeer peer;
  const Reply one = world.ask(peer, Ask::path({".well-known", "core"}).with(Option::uri_query, "href=/hea*"));
  EXPECT_EQ(text_of(one.view.payload).substr(0, 9), "</health>");
  EXPECT_EQ(text_of(one.view.payload).find("</random>"), std::string_view::npos);
  const Reply none = world.ask(peer, Ask::path({".well-known", "core"}).mid(2).with(Option::uri_query, "rt=nothing"));
  EXPECT_EQ(none.view.code, code::kContent);
  EXPECT_TRUE(none.view.payload.empty());
}

TEST(EndpointCore, GoesInBlocksWithoutState) {
  World world;
  FakePeer peer;
  const Buffer whole = world.ask(peer, Ask::path({".well-known", "core"})).payload();
  Buffer body;
  bool more = true;
  for (std::uint32_t num = 0; more; ++num) {
    const Reply reply = world.ask(peer, Ask::path({".well-known", "core"}).mid(static_cast<std::uint16_t>(num + 2)).block(num, 1));
    ASSERT_TRUE(reply.block2());
    more = reply.block2()->more;
    body.insert(body.end(), reply.view.payload.begin(), reply.view.payload.end());
  }
  EXPECT_EQ(body, whole);
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
}

}  // namespace
}  // namespace qeaas::coap::testing
