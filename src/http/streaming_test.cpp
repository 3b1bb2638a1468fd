// SPDX-License-Identifier: GPL-3.0-or-later
// Answers that are longer than one draw: nothing lost, nothing padded, nothing free of charge, in memory that does not grow.
#include "base/hex.hpp"
#include "http/http_fixture.hpp"
#include "wire/base64.hpp"

namespace qeaas::http::testing {
namespace {

TEST(HttpStreaming, BytesOfEveryTypeAreWholeAndDebited) {
  for (const std::string type : {"mixed", "direct", "drbg"})
    for (const std::size_t size : {65537U, 100'000U, 1'000'000U}) {
      World world;
      const auto answer = get(world, "/v1/random?bytes=" + std::to_string(size) + "&type=" + type);
      EXPECT_EQ(answer.status, 200U);
      EXPECT_EQ(answer.field("content-type"), "application/octet-stream");
      EXPECT_EQ(answer.field("cache-control"), "no-store");
      EXPECT_EQ(answer.field("entropy-type"), type);
      EXPECT_EQ(answer.field("entropy-source"), "fake;physical");
      EXPECT_EQ(answer.field("entropy-simulated"), "false");
      EXPECT_TRUE(answer.body == FakeDraw::bytes(0, size));
      EXPECT_EQ(world.gate.debited, size);
      EXPECT_EQ(world.counters.random_bytes.get(), size);
      EXPECT_EQ(name(world.draw.last_type), type);
    }
}

TEST(HttpStreaming, HexIsTheSameBytesAndALineEnd) {
  World world;
  const auto answer = get(world, "/v1/random?bytes=70001", "Accept: text/plain\r\n");
  EXPECT_EQ(answer.field("content-type"), "text/plain");
  EXPECT_TRUE(answer.body == hex(FakeDraw::bytes(0, 70001)) + "\n");
  EXPECT_EQ(get(world, "/v1/random?bytes=3", "Accept: text/plain\r\n").body, hex(FakeDraw::bytes(70001, 3)) + "\n");
}

TEST(HttpStreaming, ObjectsAreNotStreamed) {
  World world;
  for (const std::string form : {"application/json", "application/cbor"})
    expect_problem(get(world, "/v1/random?bytes=65537", "Accept: " + form + "\r\n"), 413, "too_large",
                   "JSON and CBOR carry at most 65536 bytes; ask for application/octet-stream or text/plain");
  EXPECT_EQ(world.draw.draws, 0U);
}

// entropy_of asks for blocks, and gives what they hold together.
std::string entropy_of(const Answer& answer, std::size_t block_bytes, const char* member = "entropy") {
  EXPECT_EQ(answer.status, 200U) << answer.body.substr(0, 300);
  EXPECT_EQ(answer.field("content-type"), "application/json");
  EXPECT_EQ(answer.field("entropy-source"), "fake;physical");
  if (answer.status != 200) return {};
  std::string all;
  const auto body = answer.json();
  for (const auto& block : body.at(member).as_array()) {
    const auto bytes = unbase64({block.as_string().data(), block.as_string().size()});
    EXPECT_EQ(bytes.size(), block_bytes);
    all += bytes;
  }
  return all;
}

std::string blocks_wanted(std::size_t bytes, std::size_t count, std::string_view type = "mixed") {
  return R"({"block_size":)" + std::to_string(bytes) + R"(,"block_count":)" + std::to_string(count) + R"(,"entropy_type":")" +
         std::string(type) + "\"}";
}

TEST(HttpStreaming, BlocksThatAreMoreThanOneDrawAreServedWhole) {
  const std::pair<std::size_t, std::size_t> all[] = {{65536, 1}, {65536, 2}, {8192, 16}, {65535, 16}, {65534, 3}, {65536, 16}, {4097, 16}};
  for (const std::string type : {"mixed", "direct", "drbg"})
    for (const auto& [bytes, count] : all) {
      World world;
      Client client(world);
      const auto answer = client.post("/v1/entropy", blocks_wanted(bytes, count, type));
      EXPECT_TRUE(entropy_of(answer, bytes) == FakeDraw::bytes(0, bytes * count)) << bytes << " x " << count;
      EXPECT_EQ(answer.field("entropy-type"), type);
      EXPECT_EQ(world.gate.debited, bytes * count);
      EXPECT_EQ(world.counters.random_bytes.get(), bytes * count);
      EXPECT_TRUE(world.scratch_is_clean());
    }
  World world;
  const auto qrypt = get(world, "/api/v1/quantum-entropy?size=512");
  EXPECT_TRUE(entropy_of(qrypt, 1024, "random") == FakeDraw::bytes(0, 512 * 1024));
  EXPECT_EQ(qrypt.json().at("size").as_int64(), 512);
}

// Small pieces keep direct entropy flowing; a draw of the largest size would wait for a full reservoir, and two of them for ever.
TEST(HttpStreaming, BlocksWaitForEntropyAndGoOn) {
  for (const bool qrypt : {false, true}) {
    World world;
    Client client(world);
    const std::string body = blocks_wanted(65536, 2);
    client.say(qrypt ? "GET /api/v1/quantum-entropy?size=128 HTTP/1.1\r\nHost: here\r\n\r\n"
                     : "POST /v1/entropy HTTP/1.1\r\nHost: here\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    world.draw.error = Error::starved;
    client.read();
    EXPECT_LE(world.draw.given, kHighWaterBytes / 2);
    EXPECT_EQ(client.connection.wake_at(), world.now + 50ms);
    EXPECT_EQ(world.gate.debited - world.gate.given_back, world.draw.given) << "what was drawn stays debited, and no more";
    world.now += 50s;
    world.draw.error.reset();
    client.connection.pump(world.now);
    const auto answer = client.next();
    EXPECT_TRUE(entropy_of(answer, qrypt ? 1024 : 65536, qrypt ? "random" : "entropy") == FakeDraw::bytes(0, 131'072));
    EXPECT_EQ(world.gate.debited - world.gate.given_back, 131'072U);
  }
}

TEST(HttpStreaming, BlocksUnderAnAllowanceSmallerThanAPiece) {
  for (const std::size_t burst : {3U, 5U, 1000U, 65535U}) {
    World world;
    world.gate.burst = burst;
    Client client(world);
    EXPECT_TRUE(entropy_of(client.post("/v1/entropy", blocks_wanted(5000, 16)), 5000) == FakeDraw::bytes(0, 80'000));
    EXPECT_EQ(world.gate.debited, 80'000U);
    EXPECT_EQ(client.post("/v1/entropy", blocks_wanted(burst / 2 + 1, 2)).status, 413U) << "what one draw could give";
  }
  World world;
  world.gate.burst = 2;  // base64 goes by three
  Client client(world);
  expect_problem(client.post("/v1/entropy", blocks_wanted(5000, 16)), 413, "too_large", "more than the allowance can ever hold");
  EXPECT_TRUE(entropy_of(client.post("/v1/entropy", blocks_wanted(1, 2)), 1) == FakeDraw::bytes(0, 2));
}

TEST(HttpStreaming, BlocksAreCutRatherThanPadded) {
  World world;
  Client client(world);
  const std::string body = blocks_wanted(65536, 16);
  client.say("POST /v1/entropy HTTP/1.1\r\nHost: here\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  client.read_some(50'000);
  world.draw.error = Error::alarmed;
  client.read();
  EXPECT_TRUE(client.connection.aborted());
  EXPECT_FALSE(client.heard.ends_with("]}"));
  EXPECT_EQ(world.gate.debited - world.gate.given_back, world.draw.given);
}

// However it is cut, the text is the same, and as long as was promised.
TEST(Streaming, PiecesOfBlocksMakeOneText) {
  for (const std::size_t bytes : {1U, 2U, 3U, 4U, 5U, 64U})
    for (const std::size_t count : {1U, 2U, 3U, 7U}) {
      const auto random = FakeDraw::bytes(0, bytes * count);
      std::string expected;
      for (std::size_t i = 0; i < count; ++i)
        expected += (i == 0 ? "\"" : ",\"") + to_base64(bytes_of(std::string_view(random).substr(i * bytes, bytes))) + "\"";
      for (std::size_t most = 1; most < bytes * count + 2; ++most) {
        Streaming rest{.left_bytes = random.size(), .form = Streaming::Form::blocks, .block_bytes = bytes, .tail = "]"};
        ASSERT_EQ(rest.rest_bytes(), expected.size() + 1);
        std::string text;
        while (rest.left_bytes > 0) {
          const auto size = rest.piece(most);
          ASSERT_GE(size, 1U);
          ASSERT_LE(size, std::max<std::size_t>(most, 3));
          std::vector<std::uint8_t> room(rest.text_bytes(size));
          rest.write(bytes_of(std::string_view(random).substr(random.size() - rest.left_bytes, size)), room);
          text += text_of(room);
        }
        EXPECT_EQ(text, expected) << bytes << " x " << count << " by " << most;
        EXPECT_EQ(rest.rest_bytes(), 1U);
      }
    }
}

TEST(HttpStreaming, OneGibibyteInConstantMemory) {
  World world;
  world.draw.quick = true;
  Client client(world);
  constexpr std::uint64_t kSize = std::uint64_t{1} << 30;
  client.say("GET /v1/random?type=drbg&bytes=" + std::to_string(kSize) + " HTTP/1.1\r\nHost: here\r\n\r\n");
  auto& output = client.connection.output();
  const auto head_size = text_of(output.waiting().first(2048)).find("\r\n\r\n") + 4;
  output.take_off(head_size);
  std::uint64_t taken = 0;
  std::size_t most = 0, most_memory = 0;
  while (!output.empty()) {
    most = std::max(most, output.size());
    most_memory = std::max(most_memory, output.capacity());
    const auto piece = output.waiting().first(std::min<std::size_t>(output.size(), 50'000));
    EXPECT_EQ(piece.front(), FakeDraw::byte(taken / kMaxDrawBytes));
    EXPECT_EQ(piece.back(), FakeDraw::byte((taken + piece.size() - 1) / kMaxDrawBytes));
    taken += piece.size();
    output.take_off(piece.size());
    client.connection.pump(world.now);
  }
  EXPECT_EQ(taken, kSize);
  EXPECT_EQ(world.gate.debited, kSize);
  EXPECT_LE(most, kHighWaterBytes / 2 + kMaxDrawBytes);
  EXPECT_LE(most_memory, 4 * kHighWaterBytes);
  EXPECT_EQ(client.connection.phase(), Connection::Phase::idle);
}

TEST(HttpStreaming, NobodyReadsNobodyDraws) {
  World world;
  Client client(world);
  client.say("GET /v1/random?bytes=10000000 HTTP/1.1\r\nHost: here\r\n\r\n");
  for (int i = 0; i < 100; ++i) client.connection.pump(world.now);
  EXPECT_LE(client.connection.output().size(), kHighWaterBytes / 2 + 4096 + 1024);
  EXPECT_EQ(client.connection.phase(), Connection::Phase::streaming);
  EXPECT_FALSE(client.connection.wants_data());
}

TEST(HttpStreaming, WaitsForEntropyAndGoesOn) {
  World world;
  Client client(world);
  client.say("GET /v1/random?bytes=100000 HTTP/1.1\r\nHost: here\r\n\r\nGET /healthz HTTP/1.1\r\nHost: here\r\n\r\n");
  world.draw.error = Error::starved;
  client.read();
  EXPECT_EQ(client.connection.wake_at(), world.now + 50ms);
  EXPECT_EQ(world.gate.debited - world.gate.given_back, world.draw.given);
  EXPECT_FALSE(client.connection.finished() || client.connection.aborted());
  world.now += 50s;
  client.connection.pump(world.now);
  ASSERT_TRUE(client.connection.wake_at());
  world.draw.error.reset();
  client.connection.pump(world.now);
  client.read();
  world.draw.error = Error::starved;  // the patience begins anew with every piece
  EXPECT_TRUE(client.next().body == FakeDraw::bytes(0, 100'000));
  EXPECT_EQ(client.next().body, "ok\n");
  EXPECT_FALSE(client.connection.wake_at());
}

TEST(HttpStreaming, PatienceEnds) {
  World world;
  Client client(world);
  client.say("GET /v1/random?bytes=100000 HTTP/1.1\r\nHost: here\r\n\r\n");
  world.draw.error = Error::starved;
  client.read();
  for (int i = 0; i < 59; ++i) {
    world.now += 1s;
    client.connection.pump(world.now);
    EXPECT_FALSE(client.connection.aborted()) << i;
  }
  world.now += 2s;
  client.connection.pump(world.now);
  EXPECT_TRUE(client.connection.aborted());
}

TEST(HttpStreaming, AnAllowanceThatFillsUpAndADebitThatCannotBeWrittenAreWaitedFor) {
  for (const Error error : {Error::over_quota, Error::io}) {
    World world;
    Client client(world);
    client.say("GET /v1/random?bytes=100000 HTTP/1.1\r\nHost: here\r\n\r\n");
    world.gate.decision = access::Decision::no(error, 3s);
    client.read();
    EXPECT_EQ(client.connection.wake_at(), world.now + (error == Error::io ? 3000ms : 50ms));
    world.gate.decision = access::Decision::ok();
    world.now += 3s;
    client.connection.pump(world.now);
    EXPECT_EQ(client.next().body.size(), 100'000U);
    EXPECT_EQ(world.gate.debited, 100'000U);
  }
}

// The rate of the identity is the pace of its answer, however low it is.
TEST(HttpStreaming, ALowRateMakesSmallPiecesAndGoesOn) {
  for (const std::uint64_t rate : {1U, 20U, 1000U})
    for (const std::string type : {"mixed", "drbg"}) {
      World world;
      world.gate.rate.emplace(rate, 65536);
      Client client(world);
      client.say("GET /v1/random?bytes=66000&type=" + type + " HTTP/1.1\r\nHost: here\r\n\r\n");
      client.read();
      std::size_t got = client.heard.size();
      auto last_progress = world.now;
      while (client.connection.phase() == Connection::Phase::streaming) {
        world.now = client.connection.wake_at().value_or(world.now + 1h);
        client.connection.pump(world.now);
        client.read();
        if (client.heard.size() > got) last_progress = world.now;
        got = client.heard.size();
        ASSERT_LE(world.now - last_progress, 60s);
      }
      ASSERT_FALSE(client.connection.aborted()) << rate << " bytes a second of " << type;
      EXPECT_TRUE(client.next().body == FakeDraw::bytes(0, 66000));
      EXPECT_EQ(world.gate.debited, 66000U);
      EXPECT_LT(world.draw.draws, 80U) << "no smaller pieces than needed";
    }
}

// cut_off starts an answer, lets go of it in the middle, and gives what the client has got of it.
std::string cut_off(World& world, const std::function<void()>& accident) {
  Client client(world);
  client.say("GET /v1/random?bytes=1000000 HTTP/1.1\r\nHost: here\r\n\r\n");
  client.read_some(50'000);
  accident();
  client.read();
  EXPECT_TRUE(client.connection.aborted());
  EXPECT_TRUE(client.connection.finished());
  EXPECT_FALSE(client.connection.wake_at());
  auto got = client.heard;
  EXPECT_NE(got.find("Content-Length: 1000000\r\n"), std::string::npos);
  got.erase(0, got.find("\r\n\r\n") + 4);
  EXPECT_LT(got.size(), 1'000'000U);
  EXPECT_TRUE(got == FakeDraw::bytes(0, got.size())) << "padded, or with something else in it";
  EXPECT_EQ(world.gate.debited - world.gate.given_back, world.draw.given);
  return got;
}

TEST(HttpStreaming, WhatEndsAnAnswerCutsItShort) {
  for (const Error error : {Error::alarmed, Error::io, Error::source_gone}) {
    World world;
    cut_off(world, [&] { world.draw.error = error; });
  }
  for (const auto& refusal : {access::Decision::no(Error::forbidden), access::Decision::no(Error::over_quota, 18'000s)}) {  // a day's
    World world;
    cut_off(world, [&] { world.gate.decision = refusal; });
  }
}

TEST(HttpStreaming, ASimulatedSourceIsNotSmuggledIn) {
  World world;
  Client client(world);
  client.say("GET /v1/random?bytes=1000000 HTTP/1.1\r\nHost: here\r\n\r\n");
  world.draw.simulated_from = world.draw.draws + 3;
  client.read();
  EXPECT_TRUE(client.connection.aborted());
  EXPECT_NE(client.heard.find("Entropy-Simulated: false\r\n"), std::string::npos);
  client.heard.erase(0, client.heard.find("\r\n\r\n") + 4);
  EXPECT_EQ(client.heard.size(), world.draw.given - 4096);
}

TEST(HttpStreaming, WhatWasSimulatedFromTheStartMayBe) {
  World world;
  world.draw.simulated_from = 1;
  const auto answer = get(world, "/v1/random?bytes=70000");
  EXPECT_EQ(answer.field("entropy-simulated"), "true");
  EXPECT_EQ(answer.field("entropy-source"), "photons;simulated");
  EXPECT_EQ(answer.body.size(), 70'000U);
}

TEST(HttpStreaming, AnAllowanceSmallerThanAPieceMakesSmallPieces) {
  for (const std::size_t burst : {1000U, 4096U, 5000U, 65535U})
    for (const std::string type : {"mixed", "drbg"}) {
      World world;
      world.gate.burst = burst;
      const auto answer = get(world, "/v1/random?bytes=65537&type=" + type);
      EXPECT_EQ(answer.status, 200U) << answer.body;
      EXPECT_TRUE(answer.body == FakeDraw::bytes(0, 65537));
      EXPECT_EQ(world.gate.debited, 65537U);
      EXPECT_EQ(answer.field("entropy-source"), "fake;physical");
    }
  World world;
  world.gate.burst = 0;
  EXPECT_EQ(get(world, "/v1/random?bytes=65537").status, 413U);
}

TEST(HttpStreaming, TheStreamIsTheTokensOwn) {
  World world;
  world.gate.know("mine", 5);
  Client client(world);
  client.say("GET /v1/random?bytes=200000 HTTP/1.1\r\nHost: here\r\nX-API-KEY: mine\r\n\r\n");
  client.connection.set_identity(9);
  EXPECT_EQ(client.next().body.size(), 200'000U);
  EXPECT_EQ(world.gate.last_identity, 5);
}

TEST(HttpStreaming, EndsAndDrainsAfterTheLastByte) {
  World world;
  const std::string all = "GET /v1/random?bytes=200000 HTTP/1.1\r\nHost: here\r\n\r\nGET /healthz HTTP/1.1\r\nHost: here\r\n\r\n";
  Client half(world);  // the peer has closed its half
  half.say(all);
  half.connection.on_end(world.now);
  EXPECT_EQ(half.next().body.size(), 200'000U);
  EXPECT_EQ(half.next().body, "ok\n");
  EXPECT_TRUE(half.connection.finished() && !half.connection.aborted());
  Client draining(world);
  draining.say(all.substr(0, all.find("GET /healthz")));
  draining.connection.drain(world.now);
  EXPECT_FALSE(draining.connection.finished());
  EXPECT_EQ(draining.next().body.size(), 200'000U);
  EXPECT_TRUE(draining.connection.finished());
  Client starved(world);
  starved.say(all);
  starved.connection.give_up(world.now);
  EXPECT_TRUE(starved.connection.aborted());
}

}  // namespace
}  // namespace qeaas::http::testing
