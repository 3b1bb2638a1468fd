// SPDX-License-Identifier: GPL-3.0-or-later
// Every command byte by byte, every refusal, what waits and what ends; a client that sends in pieces or all at once.
#include "local/connection.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/hex.hpp"
#include "local/test_site.hpp"
#include "wire/random_answer.hpp"

namespace qeaas::local {
namespace {

using namespace test;
using Need = Connection::Need;

class LocalConnection : public ::testing::Test {
 protected:
  TestSite world;
  Connection connection{world.site, Peer{1000, 1000, 42}};
  TimePoint now{std::chrono::hours(1)};

  void put(const Buffer& bytes) {
    const auto room = connection.room();
    ASSERT_GE(room.size(), bytes.size());
    std::copy(bytes.begin(), bytes.end(), room.begin());
    connection.received(bytes.size());
  }
  // taken gives what is to be sent and takes it off.
  Buffer taken() {
    const auto output = connection.output();
    Buffer copy(output.begin(), output.end());
    if (!copy.empty()) connection.sent(copy.size());
    return copy;
  }
  // asked sends a request and gives the answer, of which there must be one.
  Buffer asked(const Buffer& request) {
    put(request);
    EXPECT_EQ(connection.step(now), Need::sending);
    auto answer = taken();
    EXPECT_EQ(connection.step(now), Need::input);
    EXPECT_FALSE(connection.in_request());
    return answer;
  }
};

Buffer counting(std::size_t count, std::uint8_t first = 1) {
  Buffer bytes(count);
  for (auto& byte : bytes) byte = first++;
  return bytes;
}

TEST_F(LocalConnection, LevelIsInBitsAndCapped) {
  world.draw.ready_blocks = 3;
  EXPECT_EQ(asked({0x00}), (Buffer{0, 0, 3, 0}));
  world.draw.ready_blocks = 0;
  EXPECT_EQ(asked({0x00}), (Buffer{0, 0, 0, 0}));
  world.draw.ready_blocks = std::size_t{1} << 40;
  EXPECT_EQ(asked({0x00}), (Buffer{0xff, 0xff, 0xff, 0xff}));
}

TEST_F(LocalConnection, ANonBlockingReadGivesWhatWasAskedFor) {
  EXPECT_EQ(asked({0x01, 4}), (Buffer{4, 1, 2, 3, 4}));
  EXPECT_EQ(asked({0x01, 255}).size(), 256U);
  EXPECT_EQ(asked({0x01, 0}), Buffer{0});
  EXPECT_EQ(world.gate.taken, 259);
  EXPECT_EQ(world.gate.asked_for, 1000U);
  EXPECT_EQ(connection.served_bytes(), 259U);
  EXPECT_EQ(world.counters.served_bytes.get(), 259U);
  EXPECT_EQ(world.draw.types, std::vector(2, EntropyType::mixed));
}

TEST_F(LocalConnection, ANonBlockingReadGivesWhatThereIs) {
  world.draw.ready_blocks = 2;
  auto expected = counting(64);
  expected.insert(expected.begin(), 64);
  EXPECT_EQ(asked({0x01, 200}), expected);
  EXPECT_EQ(world.gate.taken, 64);
  EXPECT_EQ(asked({0x01, 200}), Buffer{0});
  EXPECT_EQ(world.gate.taken, 64);
}

TEST_F(LocalConnection, ANonBlockingReadOfNothingIsNeverAnError) {
  for (const auto error : {Error::alarmed, Error::io, Error::too_large}) {
    world.draw.failure = error;
    EXPECT_EQ(asked({0x01, 9}), Buffer{0});
  }
  world.draw.failure.reset();
  for (const auto error : {Error::over_quota, Error::forbidden}) {
    world.gate.decision = access::Decision::no(error);
    EXPECT_EQ(asked({0x01, 9}), Buffer{0});
  }
  EXPECT_EQ(world.gate.taken, 0);
  EXPECT_EQ(connection.served_bytes(), 0U);
}

TEST_F(LocalConnection, ABlockingReadHasNoHead) {
  EXPECT_EQ(asked({0x02, 5}), counting(5));
  EXPECT_EQ(asked({0x02, 255}), counting(255, 6));
  put({0x02, 0});
  EXPECT_EQ(connection.step(now), Need::input);
  EXPECT_TRUE(connection.output().empty());
}

TEST_F(LocalConnection, ABlockingReadWaitsForEntropy) {
  world.draw.ready_blocks = 0;
  put({0x02, 32, 0x01, 1});
  EXPECT_EQ(connection.step(now), Need::entropy);
  EXPECT_TRUE(connection.output().empty());
  EXPECT_EQ(connection.retry_at(), now + 50ms);
  EXPECT_EQ(world.gate.taken, 0);
  EXPECT_TRUE(connection.in_request());
  world.draw.ready_blocks = 9;
  EXPECT_EQ(connection.step(now + 50ms), Need::sending);
  EXPECT_EQ(taken(), counting(32));
  EXPECT_EQ(connection.step(now), Need::sending);  // what stood behind it
  EXPECT_EQ(taken(), (Buffer{1, 33}));
  EXPECT_EQ(connection.requests(), 2U);
}

TEST_F(LocalConnection, ABlockingReadWaitsOutAlarmsAndQuotas) {
  put({0x02, 1});
  for (const auto error : {Error::alarmed, Error::io, Error::source_gone}) {
    world.draw.failure = error;
    EXPECT_EQ(connection.step(now), Need::entropy);
    EXPECT_EQ(connection.retry_at(), now + 7s);
  }
  world.draw.failure.reset();
  world.gate.decision = access::Decision::no(Error::over_quota, 3s);
  EXPECT_EQ(connection.step(now), Need::entropy);
  EXPECT_EQ(connection.retry_at(), now + 3s);
  world.gate.decision = access::Decision::no(Error::over_quota, 86400s);
  EXPECT_EQ(connection.step(now), Need::entropy);
  EXPECT_EQ(connection.retry_at(), now + 10s);
}

TEST_F(LocalConnection, ABlockingReadThatCanNeverBeEndsTheConnection) {
  put({0x02, 1});
  world.gate.decision = access::Decision::no(Error::too_large);
  EXPECT_EQ(connection.step(now), Need::end);
  world.gate.decision = access::Decision::no(Error::forbidden);
  EXPECT_EQ(connection.step(now), Need::end);
  EXPECT_TRUE(connection.output().empty());
}

TEST_F(LocalConnection, AWriteIsMixedInWithoutAnAnswer) {
  put({0x03, 0xff, 0xff, 3, 'a', 'b', 'c', 0x03, 0, 0, 0, 0x03, 0, 8, 1});
  EXPECT_EQ(connection.step(now), Need::input);
  EXPECT_TRUE(connection.in_request());
  put({'d'});
  EXPECT_EQ(connection.step(now), Need::input);
  EXPECT_FALSE(connection.in_request());
  EXPECT_EQ(world.mixed_in, (Buffer{'a', 'b', 'c', 'd'}));
  EXPECT_EQ(connection.mixed_in_bytes(), 4U);
  EXPECT_EQ(world.counters.mixed_in_bytes.get(), 4U);
  EXPECT_EQ(world.gate.taken, 0);
}

TEST_F(LocalConnection, PidIsALengthAndDigits) {
  const auto digits = std::to_string(::getpid());
  Buffer expected{static_cast<std::uint8_t>(digits.size())};
  expected.insert(expected.end(), digits.begin(), digits.end());
  EXPECT_EQ(asked({0x04}), expected);
}

TEST_F(LocalConnection, ADrawGivesBytesAndWhereTheyCameFrom) {
  const auto answer = asked({0x51, 0, 3, 1});
  EXPECT_EQ(to_hex(answer),
            "00000003001d"
            "010203"
            "a402656d697865640381"
            "83646c616d70677175616e74756df4"
            "04f605f4");
  const auto account = decode_provenance(Bytes(answer).subspan(kDrawHeadBytes + 3));
  ASSERT_TRUE(account);
  EXPECT_EQ(account->type, EntropyType::mixed);
  EXPECT_EQ(account->sources.at(0).id, "lamp");
}

TEST_F(LocalConnection, EveryTypeCanBeDrawn) {
  for (std::uint8_t type = 0; type < 3; ++type) {
    const auto answer = asked({0x51, 0, 1, type});
    EXPECT_EQ(decode_provenance(Bytes(answer).subspan(kDrawHeadBytes + 1))->type, static_cast<EntropyType>(type));
  }
  EXPECT_EQ(world.draw.types, (std::vector{EntropyType::direct, EntropyType::mixed, EntropyType::drbg}));
}

TEST_F(LocalConnection, TheLargestDraw) {
  const auto answer = asked({0x51, 0xff, 0xff, 2});
  ASSERT_GT(answer.size(), 65535U + kDrawHeadBytes);
  EXPECT_EQ(Buffer(answer.begin(), answer.begin() + 4), (Buffer{0, 0, 0xff, 0xff}));
  EXPECT_EQ(answer.size(), kDrawHeadBytes + 65535U + answer[5] + 256U * answer[4]);
}

TEST_F(LocalConnection, ABadDrawIsSaidAndTheConnectionGoesOn) {
  EXPECT_EQ(asked({0x51, 0, 0, 0}), (Buffer{1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(asked({0x51, 0, 9, 3}), (Buffer{1, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(world.draw.types.empty());
  EXPECT_EQ(asked({0x01, 1}), (Buffer{1, 1}));
}

TEST_F(LocalConnection, ADrawThatFailsGivesItsCodeAndTheRetryTime) {
  const auto with = [&](Error error) {
    world.draw.failure = error;
    return asked({0x51, 0, 9, 0});
  };
  EXPECT_EQ(with(Error::starved), (Buffer{2, 7, 0, 0, 0, 0}));
  EXPECT_EQ(with(Error::alarmed), (Buffer{3, 7, 0, 0, 0, 0}));
  EXPECT_EQ(with(Error::too_large), (Buffer{6, 0, 0, 0, 0, 0}));
  EXPECT_EQ(with(Error::io), (Buffer{7, 7, 0, 0, 0, 0}));
  EXPECT_EQ(world.gate.taken, 0);
  world.gate.decision = access::Decision::no(Error::over_quota, 9s);
  EXPECT_EQ(asked({0x51, 0, 9, 0}), (Buffer{4, 9, 0, 0, 0, 0}));
  world.gate.decision = access::Decision::no(Error::forbidden);
  EXPECT_EQ(asked({0x51, 0, 9, 0}), (Buffer{5, 0, 0, 0, 0, 0}));
  EXPECT_EQ(connection.served_bytes(), 0U);
}

TEST_F(LocalConnection, AnotherByteEndsIt) {
  put({0x47, 0x45, 0x54});  // "GET"
  EXPECT_EQ(connection.step(now), Need::end);
}

TEST_F(LocalConnection, NothingMoreIsAnsweredBeforeTheAnswerHasLeft) {
  put({0x01, 4, 0x01, 4});
  EXPECT_EQ(connection.step(now), Need::sending);
  connection.sent(3);
  EXPECT_EQ(connection.step(now), Need::sending);
  EXPECT_EQ(connection.output().size(), 2U);
  EXPECT_EQ(world.draw.types.size(), 1U);
  connection.sent(2);
  EXPECT_EQ(connection.step(now), Need::sending);
  EXPECT_EQ(taken(), (Buffer{4, 5, 6, 7, 8}));
}

TEST_F(LocalConnection, ByteByByteAndAllAtOnceAreTheSame) {
  const Buffer requests{0x00, 0x03, 0, 0, 2, 'x', 'y', 0x01, 3, 0x02, 2, 0x51, 0, 2, 2, 0x04, 0x01, 1};
  const auto run = [&](std::size_t piece) {
    TestSite site;
    Connection one(site.site, Peer{});
    Buffer out;
    for (std::size_t at = 0; at < requests.size(); at += piece) {
      const auto size = std::min(piece, requests.size() - at);
      std::copy_n(requests.begin() + static_cast<std::ptrdiff_t>(at), size, one.room().begin());
      one.received(size);
      while (one.step(now) == Need::sending) {
        const auto output = one.output();
        out.insert(out.end(), output.begin(), output.end());
        one.sent(output.size());
      }
    }
    EXPECT_EQ(site.mixed_in, (Buffer{'x', 'y'}));
    return out;
  };
  const auto whole = run(requests.size());
  EXPECT_EQ(run(1), whole);
  EXPECT_EQ(run(5), whole);
}

TEST_F(LocalConnection, WhatWasWrittenIsWipedFromTheInput) {
  put({0x03, 0, 0, 4, 0xde, 0xad, 0xbe, 0xef});
  const auto all = connection.room().data() - 8;
  EXPECT_EQ(connection.step(now), Need::input);
  EXPECT_TRUE(std::all_of(all, all + 8, [](auto byte) { return byte == 0; }));
}

}  // namespace
}  // namespace qeaas::local
