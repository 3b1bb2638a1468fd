// SPDX-License-Identifier: GPL-3.0-or-later
// /v1/stream with a client that masks its frames by hand: handshake, credit, notes, ends by either side, and what breaks the rules.
#include "http/http_fixture.hpp"

namespace qeaas::http::testing {
namespace {

constexpr unsigned kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

struct Frame {
  unsigned opcode = 0;
  std::string data;
  unsigned close_code() const {
    return data.size() < 2 ? 0 : static_cast<unsigned>(static_cast<std::uint8_t>(data[0]) << 8 | static_cast<std::uint8_t>(data[1]));
  }
};

std::string frame(unsigned first, std::string_view data, bool masked = true) {
  std::string made{static_cast<char>(first)};
  const auto bit = static_cast<unsigned>(masked ? 0x80 : 0);
  if (data.size() < 126) {
    made += static_cast<char>(bit | data.size());
  } else {
    made += static_cast<char>(bit | 126U);
    made += static_cast<char>(data.size() >> 8);
    made += static_cast<char>(data.size());
  }
  const std::string mask = masked ? "mask" : std::string(4, '\0');
  if (masked) made += mask;
  for (std::size_t i = 0; i < data.size(); ++i) made += static_cast<char>(data[i] ^ mask[i % 4]);
  return made;
}

std::string credit(std::uint64_t bytes) { return frame(0x80 | kText, "{\"credit\":" + std::to_string(bytes) + "}"); }

class Socket {
 public:
  explicit Socket(World& world) : world_(world), client(std::make_unique<Client>(world)) {}
  ~Socket() {
    client.reset();
    settle();
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  static std::string request(const std::string& query = "", const std::string& fields = "") {
    return "GET /v1/stream" + query +
           " HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           fields + "\r\n";
  }
  Answer open(const std::string& query = "", const std::string& fields = "") {
    say(request(query, fields));
    auto answer = take_answer(client->heard);
    EXPECT_TRUE(answer);
    return answer.value_or(Answer());
  }
  void say(const std::string& text, bool reading = true) {
    client->say(text);
    settle(reading);
  }
  // settle lets the loop and the client's reading go on until nothing moves.
  void settle(bool reading = true) {
    for (std::size_t moved = 1; moved > 0;) {
      world_.loop.restart();
      moved = world_.loop.poll();
      if (client && reading) moved += client->connection.output().size(), client->read();
    }
  }
  std::optional<Frame> next() {
    auto& heard = client->heard;
    if (heard.size() < 2) return std::nullopt;
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<std::uint8_t>(heard[i])); };
    EXPECT_EQ(byte(0) & 0xf0, 0x80U) << "one frame a message, nothing reserved";
    EXPECT_EQ(byte(1) & 0x80, 0U) << "a server does not mask";
    std::size_t start = 2, size = byte(1);
    if (size == 126) size = byte(2) << 8 | byte(3), start = 4;
    if (size == 127) {
      size = 0;
      for (std::size_t i = 2; i < 10; ++i) size = size << 8 | byte(i);
      start = 10;
    }
    if (heard.size() < start + size) return std::nullopt;
    Frame found{static_cast<unsigned>(byte(0) & 15), heard.substr(start, size)};
    heard.erase(0, start + size);
    return found;
  }
  Frame expect(unsigned opcode) {
    auto found = next();
    EXPECT_TRUE(found) << "no frame";
    auto got = found.value_or(Frame());
    EXPECT_EQ(got.opcode, opcode) << got.data;
    return got;
  }
  void expect_close(unsigned code) {
    EXPECT_EQ(expect(kClose).close_code(), code);
    EXPECT_FALSE(next());
  }
  bool finished() const { return client->connection.finished(); }

 private:
  World& world_;

 public:
  std::unique_ptr<Client> client;
};

constexpr std::string_view kNote = R"({"type":"mixed","sources":[{"id":"fake","kind":"physical","conditioned":false}],"simulated":false})";

TEST(PushStream, HandshakeNoteAndFrames) {
  World world;
  Socket socket(world);
  const auto answer = socket.open("?frame=100");
  EXPECT_EQ(answer.status, 101U);
  EXPECT_EQ(answer.field("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 1.3
  EXPECT_EQ(socket.client->connection.phase(), Connection::Phase::credit);
  EXPECT_EQ(world.counters.web_sockets.get(), 1U);
  EXPECT_FALSE(socket.next()) << "nothing without credit";
  EXPECT_EQ(world.gate.debited, 0U);
  socket.say(credit(250));
  EXPECT_EQ(socket.expect(kText).data, kNote);
  EXPECT_EQ(socket.expect(kBinary).data, FakeDraw::bytes(0, 100));
  EXPECT_EQ(socket.expect(kBinary).data, FakeDraw::bytes(100, 100));
  EXPECT_EQ(socket.expect(kBinary).data, FakeDraw::bytes(200, 50));
  EXPECT_FALSE(socket.next());
  socket.say(credit(10) + credit(20));
  std::string rest;
  for (auto more = socket.next(); more; more = socket.next()) rest += more->data;
  EXPECT_EQ(rest, FakeDraw::bytes(250, 30));
  EXPECT_EQ(world.gate.debited, 280U);
  EXPECT_EQ(world.counters.random_bytes.get(), 280U);
}

TEST(PushStream, FramesInTheSamePieceAsTheRequestAndOneByteAtATime) {
  World world;
  Socket socket(world);
  socket.say("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + Socket::request() + credit(10));
  EXPECT_EQ(take_answer(socket.client->heard)->body, "ok\n");
  EXPECT_EQ(take_answer(socket.client->heard)->status, 101U);
  EXPECT_EQ(socket.expect(kText).data, kNote);
  EXPECT_EQ(socket.expect(kBinary).data.size(), 10U);
  for (const char c : credit(5)) socket.say(std::string(1, c));
  EXPECT_EQ(socket.expect(kBinary).data, FakeDraw::bytes(10, 5));
}

TEST(PushStream, AnotherSourceIsToldBeforeItsBytes) {
  World world;
  Socket socket(world);
  socket.open("?type=drbg&frame=65536");
  world.draw.simulated_from = 2;
  socket.say(credit(2 * 65536));
  EXPECT_NE(socket.expect(kText).data.find(R"("type":"drbg")"), std::string::npos);
  EXPECT_EQ(socket.expect(kBinary).data.size(), 65536U);
  EXPECT_EQ(socket.expect(kText).data,
            R"({"type":"drbg","sources":[{"id":"photons","kind":"simulated","conditioned":false}],"simulated":true})");
  EXPECT_EQ(socket.expect(kBinary).data, FakeDraw::bytes(65536, 65536));
}

TEST(PushStream, OutagesAreToldOnceAndNothingStaysDebited) {
  World world;
  Socket socket(world);
  socket.open();
  world.draw.error = Error::starved;
  socket.say(credit(5000));
  EXPECT_EQ(socket.expect(kText).data, R"({"error":"starved","retry_after":7})");
  EXPECT_EQ(socket.client->connection.phase(), Connection::Phase::web_socket) << "there is credit";
  world.loop.restart();
  world.loop.run_one_for(10s);  // the next attempt
  socket.settle();
  EXPECT_FALSE(socket.next());
  EXPECT_EQ(world.gate.debited, world.gate.given_back);
  world.draw.error.reset();
  world.loop.restart();
  world.loop.run_one_for(10s);
  socket.settle();
  EXPECT_EQ(socket.expect(kText).data, kNote);
  EXPECT_EQ(socket.expect(kBinary).data.size(), 4096U);
  EXPECT_EQ(socket.expect(kBinary).data.size(), 904U);
}

TEST(PushStream, WhatDoesNotMendEndsIt) {
  const std::tuple<std::optional<Error>, access::Decision, unsigned, std::string_view> all[] = {
      {Error::alarmed, access::Decision::ok(), 1013, "alarmed"},
      {Error::io, access::Decision::ok(), 1008, "io"},
      {std::nullopt, access::Decision::no(Error::forbidden), 1008, "forbidden"},
      {std::nullopt, access::Decision::no(Error::too_large), 1008, "too_large"},
  };
  for (const auto& [error, decision, code, reason] : all) {
    World world;
    Socket socket(world);
    socket.open();
    world.draw.error = error;
    world.gate.decision = decision;
    socket.say(credit(5));
    const auto close = socket.expect(kClose);
    EXPECT_EQ(close.close_code(), code);
    EXPECT_EQ(close.data.substr(2), reason);
    EXPECT_FALSE(socket.finished());  // the peer's answer is waited for
    socket.say(frame(0x80 | kClose, close.data.substr(0, 2)));
    EXPECT_TRUE(socket.finished());
    EXPECT_EQ(world.gate.debited, world.gate.given_back);
  }
}

TEST(PushStream, ADebitThatCannotBeWrittenIsWaitedFor) {
  World world;
  Socket socket(world);
  socket.open();
  world.gate.decision = access::Decision::no(Error::io, 1s);
  socket.say(credit(5));
  EXPECT_EQ(socket.expect(kText).data, R"({"error":"io","retry_after":1})");
  EXPECT_FALSE(socket.next());
  world.gate.decision = access::Decision::ok();
  world.loop.restart();
  world.loop.run_one_for(10s);
  socket.settle();
  EXPECT_EQ(socket.expect(kText).data, kNote);
  EXPECT_EQ(socket.expect(kBinary).data.size(), 5U);
}

TEST(PushStream, AnAllowanceThatIsUsedUpIsToldWithItsTime) {
  World world;
  Socket socket(world);
  socket.open();
  world.gate.decision = access::Decision::no(Error::over_quota, 9s);
  socket.say(credit(5));
  EXPECT_EQ(socket.expect(kText).data, R"({"error":"over_quota","retry_after":9})");
  EXPECT_FALSE(socket.next());
}

TEST(PushStream, PingsAreAnsweredAndPartsPutTogether) {
  World world;
  Socket socket(world);
  socket.open();
  socket.say(frame(0x80 | kPing, "hello"));
  EXPECT_EQ(socket.expect(kPong).data, "hello");
  socket.say(frame(kText, "{\"cre") + frame(0x80 | kPing, "") + frame(0x80, "dit\":7}"));
  EXPECT_EQ(socket.expect(kPong).data, "");
  EXPECT_EQ(socket.expect(kText).data, kNote);
  EXPECT_EQ(socket.expect(kBinary).data.size(), 7U);
}

TEST(PushStream, WrongMessagesEndIt) {
  using namespace std::string_literals;
  const std::pair<std::string, unsigned> all[] = {
      {frame(0x80 | kText, "more please"), 1008},
      {frame(0x80 | kText, "{}"), 1008},
      {frame(0x80 | kText, R"({"credit":0})"), 1008},
      {frame(0x80 | kText, R"({"credit":-5})"), 1008},
      {frame(0x80 | kText, R"({"credit":"5"})"), 1008},
      {frame(0x80 | kBinary, R"({"credit":5})"), 1008},
      {frame(0x80 | kText, std::string(1025, ' ')), 1009},
      {frame(0x80 | kText, "\xff\xff"), 1007},
      {frame(0x80 | kText, R"({"credit":5})", false), 1002},
      {frame(0x80 | 3, "x"), 1002},
      {frame(0xc0 | kText, "x"), 1002},
      {frame(0x80, "continues nothing"), 1002},
      {frame(kPing, "in parts"), 1002},
      {frame(0x80 | kPing, std::string(126, 'x')), 1002},
      {"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask"s, 1009},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, 1002},
  };
  for (const auto& [message, code] : all) {
    World world;
    Socket socket(world);
    socket.open();
    socket.say(message);
    const auto close = socket.expect(kClose);
    EXPECT_EQ(close.close_code(), code) << message;
    EXPECT_EQ(world.draw.draws, 0U);
    socket.say(frame(0x80 | kClose, close.data.substr(0, 2)));
    EXPECT_TRUE(socket.finished()) << message;
  }
}

TEST(PushStream, ThePeerMayEndItEitherWay) {
  World world;
  Socket polite(world);
  polite.open();
  polite.say(frame(0x80 | kClose, "\x03\xe8"));
  polite.expect_close(1000);
  EXPECT_TRUE(polite.finished());
  EXPECT_GT(polite.client->woken, 0);
  Socket gone(world);
  gone.open();
  gone.say(credit(100'000'000), false);
  gone.client->connection.on_end(world.now);
  gone.settle(false);
  gone.settle();
  EXPECT_TRUE(gone.finished());
}

TEST(PushStream, BackPressureBoundsWhatIsDrawnAndWhatIsKept) {
  World world;
  Socket socket(world);
  socket.open("?frame=65536");
  socket.say(credit(std::uint64_t{1} << 40), false);
  const auto drawn = world.draw.given;
  EXPECT_LE(drawn, 4 * 65536U);
  auto& connection = socket.client->connection;
  EXPECT_LE(connection.output().size(), kHighWaterBytes + 65536);
  // Pings cannot be answered behind the frames that nobody reads; sooner or later no more are wanted.
  std::size_t fed = 0;
  while (connection.wants_data() && fed < 1'000'000) {
    const auto ping = frame(0x80 | kPing, std::string(100, 'p'));
    socket.say(ping, false);
    fed += ping.size();
  }
  EXPECT_LT(fed, 100'000U);
  EXPECT_LE(connection.output().size(), kHighWaterBytes + 65536);
  const auto woken = socket.client->woken;
  connection.output().take_off(connection.output().size());
  connection.pump(world.now);
  socket.settle(false);
  EXPECT_GT(socket.client->woken, woken);
  EXPECT_GT(world.draw.given, drawn);
}

TEST(PushStream, ReadingGoesOnAfterManyMessagesAtOnce) {
  World world;
  Socket socket(world);
  socket.open();
  std::string pongs;
  for (int i = 0; i < 500; ++i) pongs += frame(0x80 | kPong, "unasked");
  socket.client->say(pongs);
  EXPECT_FALSE(socket.client->connection.wants_data());
  socket.client->woken = 0;
  socket.settle(false);
  EXPECT_TRUE(socket.client->connection.wants_data());
  EXPECT_GT(socket.client->woken, 0) << "or its owner would never read again";
}

TEST(PushStream, DrainingSaysGoodbye) {
  World world;
  Socket socket(world);
  socket.open();
  socket.client->connection.drain(world.now);
  socket.settle();
  EXPECT_EQ(socket.expect(kClose).close_code(), 1001U);
  socket.say(frame(0x80 | kClose, "\x03\xe9"));
  EXPECT_TRUE(socket.finished());
  Socket early(world);  // the handshake is under way
  early.client->say(Socket::request());
  early.client->connection.drain(world.now);
  early.settle();
  EXPECT_EQ(take_answer(early.client->heard)->status, 101U);
  EXPECT_EQ(early.expect(kClose).close_code(), 1001U);
}

TEST(PushStream, AConnectionMayGoAtAnyMoment) {
  const std::function<void(Socket&)> moments[] = {
      [](Socket& s) { s.client->say(Socket::request()); },
      [](Socket& s) { s.open(); },
      [](Socket& s) { s.open(), s.client->say(credit(10)); },
      [](Socket& s) { s.open("?frame=65536"), s.say(credit(1'000'000'000), false); },
      [](Socket& s) { s.open("?frame=65536"), s.say(credit(1'000'000'000), false), s.say(frame(0x80 | kPing, "x"), false); },
      [](Socket& s) { s.open(), s.client->say(frame(0x80 | kClose, "")); },
      [](Socket& s) { s.open(), s.client->connection.drain(TimePoint{}); },
      [](Socket& s) { s.open(), s.client->connection.on_end(TimePoint{}); },
  };
  for (const auto& moment : moments) {
    World world;
    Socket socket(world);
    moment(socket);
    socket.client.reset();
    socket.settle();
    EXPECT_TRUE(world.loop.stopped()) << "something is still waiting";
  }
  World starved;
  Socket waiting(starved);
  waiting.open();
  starved.draw.error = Error::starved;
  waiting.say(credit(10));
  waiting.client.reset();
  waiting.settle();
  EXPECT_TRUE(starved.loop.stopped());
  // The loop may end first, with completions that never run.
  auto world = std::make_unique<World>();
  Client client(*world);
  client.say(Socket::request() + credit(10));
}

TEST(PushStream, PagesOfThisOriginMayUseIt) {
  World world;
  for (const std::string origin : {"http://here", "https://here"}) {
    Socket socket(world);
    EXPECT_EQ(socket.open("", "Origin: " + origin + "\r\n").status, 101U);
  }
  Socket foreign(world);
  EXPECT_EQ(foreign.open("", "Origin: http://there\r\n").status, 403U);
}

}  // namespace
}  // namespace qeaas::http::testing
