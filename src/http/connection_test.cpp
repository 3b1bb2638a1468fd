// SPDX-License-Identifier: GPL-3.0-or-later
// One connection: order, keep-alive, HEAD and OPTIONS, every error with its exact body, ends and time limits.
#include "http/http_fixture.hpp"
#include "web/assets.hpp"

namespace qeaas::http::testing {
namespace {

constexpr std::string_view kGet = "GET /v1/random?bytes=4 HTTP/1.1\r\nHost: here\r\n\r\n";

TEST(HttpConnection, AnswersInTheOrderOfTheRequests) {
  World world;
  Client client(world);
  std::string all;
  for (int i = 1; i <= 1000; ++i) all += "GET /v1/random?bytes=" + std::to_string(1 + i % 50) + " HTTP/1.1\r\nHost: here\r\n\r\n";
  client.say(all);
  std::uint64_t place = 0;
  for (int i = 1; i <= 1000; ++i) {
    const auto answer = client.next();
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, FakeDraw::bytes(place, static_cast<std::size_t>(1 + i % 50)));
    place += answer.body.size();
  }
  EXPECT_EQ(client.heard, "");
  EXPECT_EQ(client.connection.answered(), 1000U);
  EXPECT_EQ(world.gate.debited, place);
  EXPECT_EQ(client.connection.phase(), Connection::Phase::idle);
}

TEST(HttpConnection, NothingIsReadWhileNobodyTakesTheAnswers) {
  World world;
  Client client(world);
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /v1/random?bytes=60000 HTTP/1.1\r\nHost: here\r\n\r\n";
  client.say(all);
  const auto drawn = world.draw.given;
  EXPECT_LE(client.connection.output().size(), kHighWaterBytes + 65536 + 1024);
  EXPECT_FALSE(client.connection.wants_data());
  for (int i = 0; i < 10; ++i) client.connection.pump(world.now);
  EXPECT_EQ(world.draw.given, drawn);
  client.read();
  EXPECT_EQ(world.draw.given, 100 * 60000U);
  EXPECT_TRUE(client.connection.wants_data());
  EXPECT_LE(client.connection.output().capacity(), ByteQueue::kKeptBytes);
}

TEST(HttpConnection, OneByteAtATimeIsTheSame) {
  World world;
  Client client(world);
  client.say_slowly(
      "POST /v1/entropy HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"block_size\": 3\r\n1;x=y\r\n}\r\n0\r\nT: "
      "u\r\n\r\n");
  EXPECT_EQ(client.next().status, 200U);
  client.say_slowly(kGet);
  EXPECT_EQ(client.next().status, 200U);
  client.say_slowly("POST /v1/entropy HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
  EXPECT_EQ(client.next().status, 100U);  // pumps in front of a last chunk that is not whole
  client.say_slowly("\r\n");
  EXPECT_EQ(client.next().status, 422U);
}

TEST(HttpConnection, EmptyLinesBeforeARequestArePassedOver) {
  World world;
  Client client(world);
  EXPECT_EQ(client.ask("\r\n\r\n" + std::string(kGet)).status, 200U);
}

TEST(HttpConnection, KeepAliveAsTheVersionHasIt) {
  World world;
  Client old(world);
  auto answer = old.ask("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.field("connection"), "keep-alive");
  EXPECT_FALSE(old.connection.finished());
  answer = old.ask("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(old.connection.finished());
  Client recent(world);
  EXPECT_FALSE(recent.get("/healthz").has("connection"));
  EXPECT_EQ(recent.get("/healthz", "Connection: close\r\n").field("connection"), "close");
  EXPECT_TRUE(recent.connection.finished());
  recent.say(kGet);
  EXPECT_EQ(recent.read(), "");
}

TEST(HttpConnection, ContinueIsSaidOnceAndToThoseWhoWait) {
  World world;
  Client client(world);
  const std::string head = "POST /v1/entropy HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n";
  client.say(head);
  EXPECT_EQ(client.read(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.heard.clear();
  EXPECT_EQ(client.ask("{\"block_size\":3}").status, 200U);
  EXPECT_EQ(client.ask(head + "{\"block_size\":3}").status, 200U);  // the body was there already
  Client old(world);
  old.say("POST /v1/entropy HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n");
  EXPECT_EQ(old.read(), "");  // RFC 9110 10.1.1
}

TEST(HttpConnection, HeadIsGetWithoutABodyAndWithoutADraw) {
  World world;
  Client client(world);
  for (const std::string target : {"/v1/random?bytes=32", "/v1/random?bytes=100000", "/random_number/8",
                                   "/API/jsonI.php?length=2&type=hex8", "/api/v1/quantum-entropy?size=2"}) {
    const auto answer = client.ask("HEAD " + target + " HTTP/1.1\r\nHost: here\r\n\r\n", true);
    EXPECT_EQ(answer.status, 200U) << target;
    EXPECT_EQ(answer.field("cache-control"), "no-store");
    EXPECT_TRUE(answer.has("content-type")) << target;
  }
  EXPECT_EQ(world.draw.draws, 0U);
  EXPECT_EQ(world.gate.debited, 0U);
  EXPECT_EQ(world.counters.random_bytes.get(), 0U);
  const auto probe = client.ask("HEAD /healthz HTTP/1.1\r\nHost: here\r\n\r\n", true);
  EXPECT_EQ(probe.field("content-length"), "3");
  EXPECT_EQ(client.ask("HEAD /nowhere HTTP/1.1\r\nHost: here\r\n\r\n", true).status, 404U);
  EXPECT_EQ(client.get("/healthz").body, "ok\n");
}

TEST(HttpConnection, OptionsAndWrongMethodsNameTheRightOnes) {
  World world;
  Client client(world);
  const auto ask = [&](const std::string& method, const std::string& target) {
    return client.ask(method + " " + target + " HTTP/1.1\r\nHost: here\r\n\r\n");
  };
  const std::pair<std::string, std::string> expected[] = {{"/v1/random", "GET, HEAD, OPTIONS"},
                                                          {"/v1/entropy", "POST, OPTIONS"},
                                                          {"/", "GET, HEAD, POST, OPTIONS"},
                                                          {"/random_number/4", "GET, HEAD, OPTIONS"},
                                                          {"*", "GET, HEAD, POST, OPTIONS"}};
  for (const auto& [target, methods] : expected) {
    const auto answer = ask("OPTIONS", target);
    EXPECT_EQ(answer.status, 204U) << target;
    EXPECT_EQ(answer.field("allow"), methods) << target;
    EXPECT_FALSE(answer.has("content-type"));
  }
  for (const std::string target : {"/v1/random", "/v1/entropy", "/"}) {
    const auto answer = ask("DELETE", target);
    expect_problem(answer, 405, "unsupported", "this resource has other methods; see Allow");
    EXPECT_EQ(answer.field("allow"), ask("OPTIONS", target).field("allow"));
  }
  EXPECT_EQ(ask("GET", "/v1/entropy").status, 405U);
  for (const std::string method : {"GET", "OPTIONS", "BREW"})
    expect_problem(ask(method, "/nowhere"), 404, "not_found", "there is no such resource; /openapi.json lists them all");
  EXPECT_EQ(world.draw.draws, 0U);
  world.site.features.pollen = false;
  EXPECT_EQ(ask("POST", "/").field("allow"), "GET, HEAD, OPTIONS");
  world.site.features.dashboard = false;
  EXPECT_EQ(ask("POST", "/").status, 404U);
  EXPECT_EQ(ask("GET", "/").status, 404U);
}

struct Wrong {
  std::string request;
  unsigned status;
  std::string_view title, detail;
};

TEST(HttpConnection, WhatIsNoRequestIsAnsweredAndEndsTheConnection) {
  const std::string x(9000, 'x');
  const Wrong all[] = {
      {"nonsense\r\n\r\n", 400, "malformed", "this is no HTTP/1.1 request (RFC 9112)"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "malformed", "this is no HTTP/1.1 request (RFC 9112)"},
      {"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nX-API-KEY: b\r\n\r\n", 400, "malformed",
       "Authorization and X-API-KEY name different tokens"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + x, 431, "no_space",
       "the head of the request is longer than 8192 bytes, or what is read of its fields longer than 2048"},
      {"GET /" + x.substr(0, 2048) + " HTTP/1.1\r\n", 414, "no_space", "the target of the request is longer than 2048 bytes"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 413, "too_large",
       "the body of the request is longer than 16384 bytes"},
      {"PRI * HTTP/2.0\r\n\r\n", 505, "unsupported", "only HTTP/1.0 and HTTP/1.1 are spoken here"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "unsupported",
       "no transfer coding other than chunked is understood, and that in HTTP/1.1 only"},
  };
  for (const auto& [request, status, title, detail] : all) {
    World world;
    Client client(world);
    client.say(std::string(kGet) + request + std::string(kGet));
    EXPECT_EQ(client.next().status, 200U);
    const auto answer = client.next();
    expect_problem(answer, status, title, detail);
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_EQ(client.heard, "") << "nothing after a request whose end is not known";
    EXPECT_TRUE(client.connection.finished());
    EXPECT_FALSE(client.connection.aborted());
    EXPECT_TRUE(client.connection.wants_data());  // to be thrown away
    client.say(kGet);
    EXPECT_EQ(client.read(), "");
    EXPECT_EQ(world.draw.draws, 1U);
  }
}

TEST(HttpConnection, TimeLimits) {
  World world;
  Client slow(world);
  slow.say("GET / HT");
  EXPECT_EQ(slow.connection.phase(), Connection::Phase::receiving);
  slow.connection.give_up(world.now);
  expect_problem(slow.next(), 408, "timeout", "the head of the request did not arrive in time");
  EXPECT_TRUE(slow.connection.finished());
  Client body(world);
  body.say("POST /v1/entropy HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n{");
  body.connection.give_up(world.now);
  expect_problem(body.next(), 408, "timeout", "the body of the request did not arrive in time");
  Client idle(world);
  idle.connection.give_up(world.now);
  EXPECT_EQ(idle.read(), "");
  EXPECT_TRUE(idle.connection.finished());
}

TEST(HttpConnection, WhoMayAsk) {
  World world;
  world.gate.know("mine", 5);
  Client client(world);
  EXPECT_EQ(client.get("/v1/random", "Authorization: Bearer mine\r\n").status, 200U);
  EXPECT_EQ(world.gate.last_identity, 5);
  EXPECT_EQ(client.get("/v1/random", "X-API-KEY: mine\r\n").status, 200U);
  EXPECT_EQ(world.gate.last_identity, 5);
  client.get("/v1/random");
  EXPECT_EQ(world.gate.last_identity, access::kAnonymousId);
  client.connection.set_identity(9);
  client.get("/v1/random");
  EXPECT_EQ(world.gate.last_identity, 9);
  client.get("/v1/random", "X-API-KEY: mine\r\n");
  EXPECT_EQ(world.gate.last_identity, 5);
  const auto debited = world.gate.debited;
  const auto answer = client.get("/v1/random", "X-API-KEY: other\r\n");
  expect_problem(answer, 401, "unauthorized", "nobody has this token; 'qeaas clients add NAME --token' makes one");
  EXPECT_EQ(answer.field("www-authenticate"), "Bearer realm=\"qeaas\", error=\"invalid_token\"");
  EXPECT_EQ(world.gate.debited, debited);
}

TEST(HttpConnection, WhatTheGateRefuses) {
  World world;
  Client client(world);
  world.gate.decision = access::Decision::no(Error::forbidden);
  const auto stranger = client.get("/v1/random");
  expect_problem(stranger, 401, "unauthorized", "this server wants an API token (Authorization: Bearer) or a client certificate");
  EXPECT_EQ(stranger.field("www-authenticate"), "Bearer realm=\"qeaas\"");
  world.gate.know("mine", 5);
  const auto disabled = client.get("/v1/random", "X-API-KEY: mine\r\n");
  expect_problem(disabled, 403, "forbidden", "this identity is disabled");
  EXPECT_FALSE(disabled.has("www-authenticate"));
  world.gate.decision = access::Decision::no(Error::over_quota, 11s);
  const auto spent = client.get("/v1/random");
  expect_problem(spent, 429, "over_quota", "the allowance is used up; try again after Retry-After");
  EXPECT_EQ(spent.field("retry-after"), "11");
  world.gate.decision = access::Decision::no(Error::too_large);
  expect_problem(client.get("/v1/random"), 413, "too_large", "more than the allowance can ever hold");
  world.gate.decision = access::Decision::no(Error::io, 1s);
  const auto unwritten = client.get("/v1/random");
  expect_problem(unwritten, 503, "io",
                 "the server could not write down the debit, or seed itself; its log says more; try again after Retry-After");
  EXPECT_EQ(unwritten.field("retry-after"), "1");
  EXPECT_EQ(world.draw.draws, 0U);
  EXPECT_EQ(world.gate.given_back, 0U);
  EXPECT_EQ(world.counters.answers[3].get(), 4U);
  EXPECT_EQ(world.counters.answers[4].get(), 1U);
}

TEST(HttpConnection, WhatCannotBeDrawnIsGivenBack) {
  const std::pair<Error, std::string_view> all[] = {
      {Error::starved, "not enough entropy at the moment; try again after Retry-After"},
      {Error::alarmed, "a health test has failed and no other source may serve; nothing weaker is given out"}};
  for (const auto& [error, words] : all) {
    World world;
    world.draw.error = error;
    for (const std::string target : {"/v1/random", "/v1/random?bytes=70000"}) {
      Client client(world);
      const auto answer = client.get(target);
      expect_problem(answer, 503, name(error), words);
      EXPECT_EQ(answer.field("retry-after"), "7");
      EXPECT_FALSE(answer.has("entropy-type"));
      EXPECT_FALSE(client.connection.finished());
    }
    EXPECT_EQ(world.gate.debited, world.gate.given_back);
    EXPECT_EQ(world.counters.random_bytes.get(), 0U);
    EXPECT_TRUE(world.scratch_is_clean());
  }
  World world;
  world.draw.error = Error::io;
  const auto unseeded = get(world, "/v1/random");
  EXPECT_EQ(unseeded.status, 503U);
  EXPECT_EQ(unseeded.field("retry-after"), "7");
  world.draw.error = Error::crypto;
  EXPECT_EQ(get(world, "/v1/random").status, 500U);
}

TEST(HttpConnection, AfterItsEndThePeerGetsWhatItAskedFor) {
  World world;
  Client client(world);
  std::string all;
  for (int i = 0; i < 20; ++i) all += "GET /v1/random?bytes=50000 HTTP/1.1\r\nHost: here\r\n\r\n";
  client.say(all + "GET /v1/ran");
  client.connection.on_end(world.now);
  EXPECT_FALSE(client.connection.finished());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.next().body.size(), 50000U);
  EXPECT_EQ(client.heard, "");
  EXPECT_TRUE(client.connection.finished());
  Client silent(world);
  silent.connection.on_end(world.now);
  EXPECT_TRUE(silent.connection.finished());
}

TEST(HttpConnection, DrainingFinishesWhatIsUnderWay) {
  World world;
  Client idle(world), answered(world), half(world);
  idle.connection.drain(world.now);
  EXPECT_TRUE(idle.connection.finished());
  answered.say(kGet);
  answered.connection.drain(world.now);  // the answer is not sent yet
  EXPECT_EQ(answered.next().status, 200U);
  EXPECT_TRUE(answered.connection.finished());
  half.say(kGet.substr(0, 20));
  half.connection.drain(world.now);
  EXPECT_FALSE(half.connection.finished());
  half.say(kGet.substr(20));
  EXPECT_EQ(half.next().field("connection"), "close");
  EXPECT_TRUE(half.connection.finished());
}

TEST(HttpConnection, NothingOfAnAnswerStaysBehind) {
  World world;
  Client client(world);
  for (const std::string target : {"/v1/random?bytes=65536", "/random_number/256", "/API/jsonI.php?length=1024&type=hex16",
                                   "/api/v1/quantum-entropy?size=512", "/v1/random?bytes=100000"}) {
    EXPECT_EQ(client.get(target).status, 200U);
    EXPECT_TRUE(world.scratch_is_clean()) << target;
    EXPECT_EQ(client.get("/v1/random?bytes=40000", "Accept: application/json\r\n").status, 200U);
    EXPECT_TRUE(world.scratch_is_clean());
  }
  EXPECT_EQ(client.post("/v1/entropy", R"({"block_size":65536,"block_count":16})").status, 200U);
  EXPECT_TRUE(world.scratch_is_clean());
  client.say("GET /api/v1/quantum-entropy?size=512 HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_TRUE(world.scratch_is_clean());
  world.draw.error = Error::starved;
  client.read();
  EXPECT_TRUE(client.connection.wake_at());
  EXPECT_TRUE(world.scratch_is_clean());
}

TEST(HttpConnection, TheDashboardIsCachedByItsTag) {
  World world;
  Client client(world);
  ASSERT_FALSE(web::assets().empty());
  for (const auto& asset : web::assets()) {
    const auto answer = client.get(asset.path);
    EXPECT_EQ(answer.status, 200U) << asset.path;
    EXPECT_EQ(answer.body.size(), asset.content.size());
    EXPECT_EQ(answer.field("content-type"), asset.content_type);
    EXPECT_EQ(answer.field("cache-control"), "no-cache");
    EXPECT_EQ(answer.field("content-security-policy"), web::kContentSecurityPolicy);
    const auto again = client.get(asset.path, "If-None-Match: W/\"x\", " + answer.field("etag") + "\r\n");
    EXPECT_EQ(again.status, 304U);
    EXPECT_EQ(again.field("etag"), answer.field("etag"));
  }
}

}  // namespace
}  // namespace qeaas::http::testing
