// SPDX-License-Identifier: GPL-3.0-or-later
// What may come in on a TLS port that is not an honest client: other protocols, garbage, floods, records that were changed or cut off.
#include <gtest/gtest.h>

#include "net/test_tls.hpp"

namespace qeaas::testing_net {
namespace {

constexpr std::uint8_t kTlsAlert = 21;
constexpr std::uint8_t kTlsHandshake = 22;
constexpr int kTlsData = 23;

class TlsHostileTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(port_.start());
    session_ = port_.accept();
  }
  void connect() {
    client_ = std::make_unique<TlsTestClient>(TlsPort::client_options());
    wire_ = std::make_unique<TlsWire>(*session_, *client_);
    wire_->run();
    ASSERT_TRUE(session_->established());
  }
  // expect_dead checks that an error is final, everywhere.
  void expect_dead(Error error) {
    std::array<std::uint8_t, 10> room{};
    EXPECT_EQ(session_->feed(room).error(), error);
    EXPECT_EQ(session_->read(room).error(), error);
    EXPECT_EQ(session_->write(room).error(), error);
  }
  std::vector<std::uint8_t> alert_of(TlsSession& session) {
    const auto bytes = session.outgoing();
    return {bytes.begin(), bytes.end()};
  }
  // flood sends records until the session gives up, at most count of them.
  template <class Send>
  int flood(int count, Send&& send) {
    for (int i = 0; i < count; ++i) {
      send();
      wire_->run();
      if (wire_->failure) return i + 1;
    }
    return count;
  }
  TlsPort port_;
  std::unique_ptr<TlsSession> session_;
  std::unique_ptr<TlsTestClient> client_;
  std::unique_ptr<TlsWire> wire_;
};

TEST_F(TlsHostileTest, PlainHttpIsRefused) {
  EXPECT_EQ(session_->feed(bytes_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).error(), Error::malformed);
  expect_dead(Error::malformed);
  EXPECT_LE(session_->outgoing().size(), 7U) << "at most one alert";
  EXPECT_EQ(port_.census.failures(Transport::stream), 1U);
}

TEST_F(TlsHostileTest, PlainHttpInSmallPiecesIsRefusedToo) {
  const std::string text = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::optional<Error> failure;
  for (const char one : text)
    if (const auto fed = session_->feed(bytes_of({&one, 1})); !fed) failure = fed.error();
  EXPECT_EQ(failure, Error::malformed);
}

TEST_F(TlsHostileTest, GarbageIsRefused) {
  std::mt19937 dice(11);
  for (int i = 0; i < 2000; ++i) {
    auto session = port_.accept();
    Buffer junk(1 + dice() % 600);
    for (auto& byte : junk) byte = static_cast<std::uint8_t>(dice());
    if (i % 2 == 0) junk[0] = kTlsHandshake;
    if (i % 4 == 0 && junk.size() > 5) junk[1] = 3, junk[2] = 3, junk[3] = 0, junk[4] = static_cast<std::uint8_t>(junk.size() - 5);
    static_cast<void>(session->feed(junk));
    EXPECT_FALSE(session->established());
    std::array<std::uint8_t, 10> room{};
    EXPECT_FALSE(session->read(room));
  }
}

TEST_F(TlsHostileTest, EveryChangedByteOfAHelloIsSurvived) {
  TlsTestClient client(TlsPort::client_options("X25519"));
  client.step();
  const auto hello = client.out;
  for (std::size_t i = 0; i < hello.size(); ++i) {
    auto changed = hello;
    changed[i] ^= 0x55;
    auto session = port_.accept();
    static_cast<void>(session->feed(changed));
    EXPECT_FALSE(session->established());
  }
}

TEST_F(TlsHostileTest, AnOversizeRecordIsRefusedByItsHeader) {
  const Buffer header{kTlsHandshake, 3, 3, 0xFF, 0xFF};
  EXPECT_FALSE(session_->feed(header));
  EXPECT_FALSE(session_->established());
}

TEST_F(TlsHostileTest, AnEmptyHandshakeRecordIsRefused) {
  const Buffer empty{kTlsHandshake, 3, 3, 0, 0};
  bool refused = false;
  for (int i = 0; i < 20000 && !refused; ++i) refused = !session_->feed(empty).has_value();
  EXPECT_TRUE(refused);
}

TEST_F(TlsHostileTest, AnAlertAtFirstIsRefused) {
  const Buffer alert{kTlsAlert, 3, 3, 0, 2, 2, 40};
  EXPECT_EQ(session_->feed(alert).error(), Error::closed);
  expect_dead(Error::closed);
}

TEST_F(TlsHostileTest, AHandshakeThatNeverEndsIsBounded) {
  TlsTestClient client(TlsPort::client_options());
  client.step();
  // A certificate of a size that it claims and never completes, in the clear, after nothing: and a hello of 16 MB, piece by piece.
  Buffer first{kTlsHandshake, 3, 3, 0x40, 0, 1, 0xFF, 0xFF, 0xFF};
  first.resize(5 + 16384);
  std::optional<Error> failure;
  for (int i = 0; i < 1000 && !failure; ++i)
    if (const auto fed = session_->feed(first); !fed) failure = fed.error();
  EXPECT_TRUE(failure);
}

TEST_F(TlsHostileTest, ChangeCipherSpecRecordsAreBounded) {
  TlsTestClient client(TlsPort::client_options());
  client.step();
  ASSERT_TRUE(session_->feed(client.out));
  const Buffer change{20, 3, 3, 0, 1, 1};
  std::optional<Error> failure;
  for (int i = 0; i < 100000 && !failure; ++i)
    if (const auto fed = session_->feed(change); !fed) failure = fed.error();
  EXPECT_TRUE(failure);
}

TEST_F(TlsHostileTest, AHelloOfTls12IsToldTheVersion) {
  // ClientHello: TLS 1.2, a random of zeros, no session, one cipher suite, no compression, no extension.
  Buffer hello{kTlsHandshake, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3};
  hello.resize(hello.size() + 32);
  for (const int byte : {0, 0, 2, 0xC0, 0x2B, 1, 0}) hello.push_back(static_cast<std::uint8_t>(byte));
  EXPECT_EQ(session_->feed(hello).error(), Error::unsupported);
  EXPECT_EQ(alert_of(*session_), (Buffer{kTlsAlert, 3, 3, 0, 2, 2, 70}));
}

TEST_F(TlsHostileTest, AChangedRecordEndsTheSessionWithAnAlert) {
  connect();
  ASSERT_TRUE(client_->say("something"));
  client_->out.back() ^= 1;
  EXPECT_EQ(session_->feed(client_->out).error(), Error::tampered);
  expect_dead(Error::tampered);
  const auto alert = session_->outgoing();
  client_->in.assign(alert.begin(), alert.end());
  client_->step();
  EXPECT_EQ(client_->alert(), 20) << "bad_record_mac";
  EXPECT_EQ(port_.census.snapshot()[0].open, 0U) << "it is over, though its owner still holds it";
}

TEST_F(TlsHostileTest, AReplayedRecordEndsTheSession) {
  connect();
  ASSERT_TRUE(client_->say("pay once"));
  const auto record = client_->out;
  wire_->run();
  EXPECT_EQ(session_->feed(record).error(), Error::tampered);
  EXPECT_EQ(wire_->heard, "pay once");
}

TEST_F(TlsHostileTest, WhatCameBeforeAChangedRecordIsStillRead) {
  connect();
  ASSERT_TRUE(client_->say("good"));
  ASSERT_TRUE(client_->say("bad"));
  client_->out.back() ^= 1;
  ASSERT_TRUE(session_->feed(client_->out));
  wire_->drain();
  EXPECT_EQ(wire_->heard, "good");
  EXPECT_EQ(wire_->failure, Error::tampered);
}

TEST_F(TlsHostileTest, ATruncatedRecordGivesNothing) {
  connect();
  ASSERT_TRUE(client_->say("truncated"));
  client_->out.pop_back();
  ASSERT_TRUE(session_->feed(client_->out));
  std::array<std::uint8_t, 100> room{};
  EXPECT_EQ(session_->read(room).error(), Error::would_block) << "and no goodbye: the owner knows it was cut off";
}

TEST_F(TlsHostileTest, AFloodOfEmptyRecordsEnds) {
  connect();
  EXPECT_LE(flood(1000, [&] { client_->record(kTlsData, {}); }), 40);
  EXPECT_EQ(wire_->failure, Error::too_large);
}

TEST_F(TlsHostileTest, AFloodOfKeyUpdatesEnds) {
  connect();
  EXPECT_LE(flood(1000, [&] { client_->update_keys(); }), 40);
  EXPECT_EQ(wire_->failure, Error::too_large);
}

TEST_F(TlsHostileTest, AFloodOfKeyUpdatesInOnePieceEnds) {
  connect();
  for (int i = 0; i < 600; ++i) client_->update_keys();
  ASSERT_LE(client_->out.size(), TlsSession::kMaxFeedBytes);
  EXPECT_EQ(session_->feed(client_->out).error(), Error::too_large);
  EXPECT_LE(session_->outgoing().size(), 2000U);
}

TEST_F(TlsHostileTest, DataBehindKeyUpdatesInOnePieceIsReadAtOnce) {
  connect();
  client_->update_keys();
  client_->update_keys();
  ASSERT_TRUE(client_->say("behind"));
  ASSERT_TRUE(session_->feed(client_->out));
  std::array<std::uint8_t, 100> room{};
  EXPECT_EQ(session_->read(room).value(), 6U);
}

TEST_F(TlsHostileTest, ManyKeyUpdatesPerByteOfDataEndToo) {
  connect();
  const int survived = flood(1000, [&] {
    for (int i = 0; i < 4; ++i) client_->update_keys();
    ASSERT_TRUE(client_->say("x"));
  });
  EXPECT_LE(survived, 20);
  EXPECT_EQ(wire_->failure, Error::too_large);
}

TEST_F(TlsHostileTest, TicketsAndOtherHandshakeMessagesOfAClientAreRefused) {
  for (const int type : {0, 1, 2, 4, 8, 11, 13, 15, 20, 24, 254}) {
    session_ = port_.accept();
    connect();
    const Buffer message{static_cast<std::uint8_t>(type), 0, 0, 4, 0, 0, 0, 0};
    client_->record(kTlsHandshake, message);
    wire_->run();
    EXPECT_TRUE(wire_->failure) << type;
    EXPECT_EQ(wire_->heard, "");
  }
}

TEST_F(TlsHostileTest, AFloodOfWarningsEnds) {
  connect();
  const Buffer warning{1, 90};  // user_canceled, the one alert that is no error
  EXPECT_LE(flood(1000, [&] { client_->record(kTlsAlert, warning); }), 40);
}

TEST_F(TlsHostileTest, ALongStreamOfDataIsNoFlood) {
  connect();
  std::string said;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(client_->say("x"));
    said += 'x';
  }
  wire_->run();
  EXPECT_EQ(wire_->heard, said);
}

TEST_F(TlsHostileTest, TooMuchAtOnceIsRefusedAndTakesNothing) {
  const Buffer large(TlsSession::kMaxFeedBytes + 1);
  EXPECT_EQ(session_->feed(large).error(), Error::no_space);
  connect();
}

TEST_F(TlsHostileTest, ASessionMayEndAnywhere) {
  TlsTestClient client(TlsPort::client_options());
  client.step();
  for (std::size_t size = 0; size <= client.out.size(); size += 97) {
    auto session = port_.accept();
    ASSERT_TRUE(session->feed(Bytes(client.out).first(size)));
  }
  EXPECT_TRUE(session_->feed({})) << "nothing is no error";
}

}  // namespace
}  // namespace qeaas::testing_net
