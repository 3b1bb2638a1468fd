// SPDX-License-Identifier: GPL-3.0-or-later
// What each resource answers, in the shape that its users know: ours, the QRNG Open API, the seeds, pollen, ANU, Qrypt.
#include "base/hex.hpp"
#include "http/http_fixture.hpp"
#include "wire/random_answer.hpp"

namespace qeaas::http::testing {
namespace {

namespace json = boost::json;

std::string_view text(const json::value& value) { return {value.as_string().data(), value.as_string().size()}; }

void expect_served(const Answer& answer, std::string_view type) {
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.field("content-type"), type);
  EXPECT_EQ(answer.field("cache-control"), "no-store");
  EXPECT_EQ(answer.field("entropy-source"), "fake;physical");
  EXPECT_EQ(answer.field("entropy-simulated"), "false");
  EXPECT_EQ(answer.field("x-content-type-options"), "nosniff");
}

TEST(HttpRandom, TheFourForms) {
  World world;
  const auto octets = get(world, "/v1/random");
  expect_served(octets, "application/octet-stream");
  EXPECT_EQ(octets.field("entropy-type"), "mixed");
  EXPECT_EQ(octets.body, FakeDraw::bytes(0, 32));
  const auto plain = get(world, "/v1/random?bytes=2", "Accept: text/plain\r\n");
  expect_served(plain, "text/plain");
  EXPECT_EQ(plain.body, hex(FakeDraw::bytes(32, 2)) + "\n");
  for (const auto format : {AnswerFormat::json, AnswerFormat::cbor}) {
    const std::string type = format == AnswerFormat::json ? "application/json" : "application/cbor";
    const auto place = world.draw.given;
    const auto answer = get(world, "/v1/random?bytes=65536&type=direct", "Accept: " + type + "\r\n");
    expect_served(answer, type);
    const auto decoded = decode_random_answer(format, bytes_of(answer.body));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(text_of(decoded->random.span()), FakeDraw::bytes(place, 65536));
    EXPECT_EQ(decoded->type, EntropyType::direct);
    EXPECT_EQ(decoded->sources.at(0).id, "fake");
  }
}

TEST(HttpRandom, TheAllowanceIsTold) {
  World world;
  world.gate.left = Allowance{"day", 1000, 86400, 900, 77};
  const auto answer = get(world, "/v1/random");
  EXPECT_EQ(answer.field("ratelimit-policy"), "\"day\";q=1000;qu=\"content-bytes\";w=86400");
  EXPECT_EQ(answer.field("ratelimit"), "\"day\";r=900;t=77");
}

TEST(HttpRandom, WrongQueries) {
  World world;
  const std::tuple<std::string, unsigned, std::string_view, std::string_view> all[] = {
      {"bytes=0", 400, "out_of_range", "a number of bytes must be at least 1"},
      {"bytes=x", 400, "malformed", "a number of bytes must be decimal digits"},
      {"bytes=-1", 400, "malformed", "a number of bytes must be decimal digits"},
      {"bytes=", 400, "malformed", "a number of bytes must be decimal digits"},
      {"bytes=1099511627777", 413, "too_large", "more bytes than this resource gives; /openapi.json names the limits"},
      {"bytes=99999999999999999999", 413, "too_large", "more bytes than this resource gives; /openapi.json names the limits"},
      {"bytes=1&bytes=1", 400, "malformed", "a parameter is given more than once"},
      {"type=best", 400, "unknown", "type must be direct, mixed or drbg"},
      {"n=5", 400, "unknown", "unknown parameter: only bytes and type are defined"},
      {"bytes", 400, "malformed", "the query is not name=value&name=value"},
      {"bytes=%3", 400, "malformed", "the query is not name=value&name=value"},
  };
  for (const auto& [query, status, title, detail] : all) expect_problem(get(world, "/v1/random?" + query), status, title, detail);
  expect_problem(get(world, "/v1/random", "Accept: image/png\r\n"), 406, "unsupported",
                 "Accept must allow application/octet-stream, application/json, application/cbor or text/plain");
  EXPECT_EQ(get(world, "/v1/random?bytes=%31%30").body.size(), 10U);
  EXPECT_EQ(world.gate.debited, 10U);
}

TEST(HttpStream, WhatIsNoWebSocketIsTold) {
  World world;
  const std::string whole =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  for (const std::string left_out : {"Connection: Upgrade\r\n", "Upgrade: websocket\r\n", "Sec-WebSocket-Version: 13\r\n",
                                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"}) {
    auto fields = whole;
    fields.erase(fields.find(left_out), left_out.size());
    const auto answer = get(world, "/v1/stream", fields);
    expect_problem(answer, 426, "unsupported", "this resource is a WebSocket (RFC 6455, version 13)");
    EXPECT_EQ(answer.field("upgrade"), "websocket");
    EXPECT_EQ(answer.field("connection"), "Upgrade");
    EXPECT_EQ(answer.field("sec-websocket-version"), "13");
  }
  EXPECT_EQ(Client(world).ask("HEAD /v1/stream HTTP/1.1\r\nHost: a\r\n" + whole + "\r\n", true).status, 426U);
  for (const std::string origin : {"http://evil", "null", "http://here.evil", "https://", "file://"})
    expect_problem(get(world, "/v1/stream", whole + "Origin: " + origin + "\r\n"), 403, "forbidden",
                   "WebSockets are not for pages of other origins");
  auto short_key = whole;
  short_key.replace(short_key.find("dGhl"), 4, "");
  expect_problem(get(world, "/v1/stream", short_key), 400, "malformed", "Sec-WebSocket-Key must be 16 bytes in base64 (RFC 6455 4.1)");
  expect_problem(get(world, "/v1/stream?frame=65537", whole), 413, "too_large",
                 "more bytes than this resource gives; /openapi.json names the limits");
  expect_problem(get(world, "/v1/stream?bytes=1", whole), 400, "unknown", "unknown parameter: only frame and type are defined");
  world.gate.decision = access::Decision::no(Error::forbidden);
  EXPECT_EQ(get(world, "/v1/stream", whole).status, 401U);
  EXPECT_EQ(world.draw.draws, 0U);
}

TEST(QrngOpenApi, Capabilities) {
  World world;
  const auto body = get(world, "/v1/capabilities").json();
  const auto& entropy = body.at("entropy");
  EXPECT_EQ(entropy.at("min_block_size").as_int64(), 1);
  EXPECT_EQ(entropy.at("max_block_size").as_int64(), 65536);
  EXPECT_EQ(entropy.at("min_block_count").as_int64(), 1);
  EXPECT_EQ(entropy.at("max_block_count").as_int64(), 16);
  EXPECT_EQ(entropy.at("entropy_types"), (json::array{"mixed", "direct", "drbg"}));
  EXPECT_TRUE(body.at("healthtest").as_bool());
  EXPECT_EQ(body.at("source_count").as_int64(), 1);
}

TEST(QrngOpenApi, BlocksOfEntropy) {
  World world;
  Client client(world);
  const auto one = client.post("/v1/entropy", R"({"block_size": 5})", "Content-Type: application/json; charset=utf-8\r\n");
  expect_served(one, "application/json");
  EXPECT_EQ(one.json().at("entropy").as_array().size(), 1U);
  EXPECT_EQ(unbase64(text(one.json().at("entropy").at(0))), FakeDraw::bytes(0, 5));
  const auto many = client.post("/v1/entropy", R"({"block_size": 100, "block_count": 16, "entropy_type": "direct", "other": 1})");
  EXPECT_EQ(many.field("entropy-type"), "direct");
  const auto body = many.json();
  ASSERT_EQ(body.at("entropy").as_array().size(), 16U);
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(unbase64(text(body.at("entropy").at(i))), FakeDraw::bytes(5 + 100 * i, 100));
  EXPECT_EQ(world.gate.debited, 1605U);
  EXPECT_EQ(world.draw.last_type, EntropyType::direct);
}

TEST(QrngOpenApi, Errors) {
  World world;
  Client client(world);
  for (const std::string body :
       {"", "{", "[]", "{}", R"({"block_size": 0})", R"({"block_size": 65537})", R"({"block_size": 1.5})", R"({"block_size": "1"})",
        R"({"block_size": 1, "block_count": 17})", R"({"block_size": 1, "block_count": 0})", R"({"block_size": 1, "entropy_type": "best"})",
        R"({"block_size": -1})"}) {
    const auto answer = client.post("/v1/entropy", body);
    EXPECT_EQ(answer.status, 422U) << body;
    EXPECT_EQ(answer.field("content-type"), "application/problem+json");
    EXPECT_EQ(answer.json().at("status").as_int64(), 422);
  }
  expect_problem(client.post("/v1/entropy", "{}"), 422, "malformed", "block_size (bytes) is missing");
  expect_problem(client.post("/v1/entropy", "block_size=1", "Content-Type: application/x-www-form-urlencoded\r\n"), 415, "unsupported",
                 "send the body with Content-Type: application/json");
  EXPECT_EQ(world.gate.debited, 0U);
  world.draw.error = Error::starved;
  const auto out = client.post("/v1/entropy", R"({"block_size": 100, "block_count": 4})");
  expect_problem(out, 503, "starved", "not enough entropy at the moment; try again after Retry-After");
  EXPECT_EQ(out.field("retry-after"), "7");
  EXPECT_FALSE(out.has("entropy-type"));
  EXPECT_EQ(world.gate.debited, world.gate.given_back);
  EXPECT_EQ(world.draw.draws, 1U) << "what one draw can give is one draw: nothing is taken from the reservoirs and thrown away";
}

TEST(QrngOpenApi, HealthTest) {
  World world;
  world.report.sources.resize(4);
  const std::string verdicts[] = {"running", "pass", "fail", "unavailable"};
  for (std::size_t i = 0; i < 4; ++i) {
    world.report.sources[i].id = "s" + std::to_string(i);
    world.report.sources[i].state = static_cast<SourceState>(i);
  }
  const auto answer = get(world, "/v1/healthtest");
  EXPECT_EQ(answer.field("cache-control"), "no-store");
  const auto body = answer.json();
  ASSERT_EQ(body.at("test_result").as_array().size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& one = body.at("test_result").at(i);
    EXPECT_EQ(text(one.at("test_type")), "SP 800-90B 4.4 continuous, s" + std::to_string(i));
    EXPECT_EQ(text(one.at("test_result")), verdicts[i]);
    EXPECT_EQ(text(one.at("report_link")), "/v1/sources");
    EXPECT_EQ(text(one.at("time_stamp")).at(10), 'T');
  }
}

TEST(Seeds, ANumberUpToEightBytesAndHexBeyond) {
  World world;
  for (std::size_t n = 1; n <= 256; n += n < 10 ? 1 : 41) {
    const auto place = world.draw.given;
    const auto answer = get(world, "/random_number/" + std::to_string(n));
    expect_served(answer, "application/json");
    const auto bytes = FakeDraw::bytes(place, n);
    if (n > 8) {
      EXPECT_EQ(answer.body, "{\"return\":0,\"random_number\":\"" + hex(bytes) + "\"}");
      continue;
    }
    std::uint64_t value = 0;
    for (const auto byte : bytes_of(bytes)) value = value << 8 | byte;
    EXPECT_EQ(answer.body, "{\"return\":0,\"random_number\":" + std::to_string(value) + "}");
  }
  for (const std::string wrong : {"0", "257", "x", "-1", "1.5", "99999999999999999999"}) {
    const auto answer = get(world, "/random_number/" + wrong);
    EXPECT_EQ(answer.status, 400U);
    EXPECT_EQ(answer.field("cache-control"), "no-store");
    EXPECT_EQ(answer.body, R"({"return":1,"error_message":"the number of bytes must be 1 to 256"})");
  }
  for (const std::string wrong : {"", "1/", "1/2"}) EXPECT_EQ(get(world, "/random_number/" + wrong).status, 404U) << wrong;
}

// Every shape tells what is wrong in its own words, with the status and the fields of the error.
TEST(Shapes, RefusalsAndOutages) {
  const std::string pollen = "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 11\r\n\r\nchallenge=x";
  const auto ask_for = [](const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: here\r\n\r\n"; };
  const std::pair<std::string, std::string> all[] = {
      {ask_for("/random_number/4"), R"({"return":1,"error_message":"WORDS"})"},
      {ask_for("/API/jsonI.php?length=1&type=uint8"), R"({"success":false,"message":"WORDS"})"},
      {ask_for("/api/v1/quantum-entropy?size=3"), R"({"error":"WORDS"})"},
      {pollen, "WORDS\n"},
  };
  for (const auto& [request, shape] : all) {
    const auto body = [&shape = shape](std::string_view words) {
      auto made = shape;
      return made.replace(made.find("WORDS"), 5, words);
    };
    World world;
    Client client(world);
    world.draw.error = Error::starved;
    auto answer = client.ask(request);
    EXPECT_EQ(answer.status, 503U);
    EXPECT_EQ(answer.body, body("not enough entropy at the moment; try again after Retry-After"));
    EXPECT_EQ(answer.field("retry-after"), "7");
    EXPECT_EQ(answer.field("cache-control"), "no-store");
    world.draw.error.reset();
    world.gate.decision = access::Decision::no(Error::over_quota, 3s);
    answer = client.ask(request);
    EXPECT_EQ(answer.status, 429U);
    EXPECT_EQ(answer.body, body("the allowance is used up; try again after Retry-After"));
    EXPECT_EQ(answer.field("retry-after"), "3");
    world.gate.decision = access::Decision::no(Error::forbidden);
    answer = client.ask(request);
    EXPECT_EQ(answer.status, 401U);
    EXPECT_EQ(answer.body, body("this server wants an API token (Authorization: Bearer) or a client certificate"));
    EXPECT_EQ(world.gate.debited, world.gate.given_back);
  }
}

TEST(Pollen, TheChallengeAndASeed) {
  World world;
  Client client(world);
  const auto answer = client.post("/", "machine=m&challenge=a%2Bb+c", "Content-Type: application/x-www-form-urlencoded\r\n");
  expect_served(answer, "text/plain; charset=utf-8");
  EXPECT_EQ(answer.body, hex(text_of(sha512(bytes_of("a+b c")))) + "\n" + hex(FakeDraw::bytes(0, 64)) + "\n");
  for (const std::string body : {"", "challenge=", "other=1", "challenge"}) {
    const auto refused = client.post("/", body);
    EXPECT_EQ(refused.status, 400U) << body;
    EXPECT_EQ(refused.body, "usage: POST challenge=... ; use pollinate(1)\n");
  }
}

TEST(Anu, NumbersAndBlocks) {
  World world;
  const auto eight = get(world, "/API/jsonI.php?length=3&type=uint8");
  expect_served(eight, "application/json");
  const auto bytes = FakeDraw::bytes(0, 100);
  const auto at = [&](std::size_t i) { return static_cast<int>(static_cast<std::uint8_t>(bytes[i])); };
  EXPECT_EQ(eight.json(), (json::value{{"success", true}, {"type", "uint8"}, {"length", 3}, {"data", {at(0), at(1), at(2)}}}));
  EXPECT_EQ(get(world, "/API/jsonI.php?length=2&type=uint16").json(),
            (json::value{{"success", true}, {"type", "uint16"}, {"length", 2}, {"data", {at(3) * 256 + at(4), at(5) * 256 + at(6)}}}));
  EXPECT_EQ(get(world, "/API/jsonI.php?length=2&type=hex16&size=3").json(),
            (json::value{{"success", true},
                         {"type", "string"},
                         {"length", 2},
                         {"size", 3},
                         {"data", {hex(bytes.substr(7, 6)), hex(bytes.substr(13, 6))}}}));
  const std::pair<std::string, std::string> wrong[] = {{"type=uint8", "length is missing"},
                                                       {"length=1", "type is missing"},
                                                       {"length=1&type=int", "type must be uint8, uint16, hex8 or hex16"},
                                                       {"length=0&type=uint8", "length and size must be 1 to 1024"},
                                                       {"length=1025&type=uint8", "length and size must be 1 to 1024"},
                                                       {"length=1&type=hex8&size=0", "length and size must be 1 to 1024"},
                                                       {"length=1024&type=hex16&size=1024", "length times size is more than 65536 bytes"},
                                                       {"length", "the query is not name=value&name=value"}};
  for (const auto& [query, words] : wrong) {
    const auto answer = get(world, "/API/jsonI.php?" + query);
    EXPECT_EQ(answer.status, 400U);
    EXPECT_EQ(answer.body, R"({"success":false,"message":")" + words + "\"}");
  }
}

TEST(Qrypt, Blocks) {
  World world;
  const auto answer = get(world, "/api/v1/quantum-entropy?size=3");
  expect_served(answer, "application/json");
  const auto body = answer.json();
  EXPECT_EQ(body.at("size").as_int64(), 3);
  ASSERT_EQ(body.at("random").as_array().size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(unbase64(text(body.at("random").at(i))), FakeDraw::bytes(1024 * i, 1024));
  EXPECT_EQ(get(world, "/api/v1/quantum-entropy?size=512").json().at("random").as_array().size(), 512U);
  const auto debited = world.gate.debited - world.gate.given_back;
  for (const std::string size : {"64", "65", "512"}) {
    world.draw.script[world.draw.draws + 1] = Error::alarmed;
    EXPECT_EQ(get(world, "/api/v1/quantum-entropy?size=" + size).status, 503U);
    EXPECT_EQ(world.gate.debited - world.gate.given_back, debited);
  }
  for (const std::string query : {"", "size=0", "size=513", "size=x"})
    EXPECT_EQ(get(world, "/api/v1/quantum-entropy?" + query).body, R"x({"error":"size must be 1 to 512 (KiB)"})x");
}

}  // namespace
}  // namespace qeaas::http::testing
