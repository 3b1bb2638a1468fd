// SPDX-License-Identifier: GPL-3.0-or-later
// The server over real sockets, with a clock of the test's own: no wait depends on time.
#include "local/server.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "local/test_client.hpp"
#include "local/test_folder.hpp"
#include "local/test_site.hpp"

namespace qeaas::local {
namespace {

using namespace test;
namespace fs = std::filesystem;

class LocalServer : public ::testing::Test {
 protected:
  Folder folder;
  fs::path path = folder.path / "e.sock";
  TestSite world;
  ServerOptions options;
  std::unique_ptr<Server> server;
  TimePoint now{std::chrono::hours(1)};

  void start(mode_t mode = 0660, std::vector<gid_t> groups = {}) {
    auto listener = Listener::open(path, mode, {});
    ASSERT_TRUE(listener) << listener.error().text;
    auto made = Server::make(std::move(*listener), Permit(std::move(groups)), world.site, options);
    ASSERT_TRUE(made);
    server = std::move(*made);
  }
  // settle lets the server do all that it can without time passing.
  void settle() {
    pollfd ready{server->descriptor(), POLLIN, 0};
    for (int turn = 0; turn < 10'000 && ::poll(&ready, 1, 0) == 1; ++turn) server->on_ready(now);
    ASSERT_EQ(::poll(&ready, 1, 0), 0) << "the server spins";
  }
  void pass(Clock::duration time) {
    now += time;
    server->on_timer(now);
    settle();
  }
  // read_all takes what the kernel holds for the client.
  static std::size_t read_all(Client& client) {
    std::size_t all = 0;
    for (auto size = client.received().size(); size > 0; size = client.received().size()) all += size;
    return all;
  }
  Buffer ask(Client& client, const Buffer& request) {
    client.send(request);
    settle();
    return client.received();
  }
};

TEST_F(LocalServer, AnswersSeveralClientsEachItsOwn) {
  start();
  Client one(path), two(path);
  EXPECT_EQ(ask(one, {0x01, 2}), (Buffer{2, 1, 2}));
  EXPECT_EQ(ask(two, {0x02, 3}), (Buffer{3, 4, 5}));
  EXPECT_EQ(ask(one, {0x02, 1, 0x02, 1}), (Buffer{6, 7}));
  EXPECT_EQ(world.counters.open.get(), 2U);
  EXPECT_EQ(world.counters.accepted.get(), 2U);
  EXPECT_TRUE(server->busy());
  one.close();
  two.close();
  settle();
  EXPECT_FALSE(server->busy());
  EXPECT_EQ(world.counters.open.get(), 0U);
}

TEST_F(LocalServer, ARequestInPiecesHasItsTimeAsAWhole) {
  start();
  Client client(path);
  EXPECT_EQ(ask(client, {0x51, 0}), Buffer{});
  pass(9s);
  EXPECT_EQ(ask(client, {1}), Buffer{});
  pass(999ms);
  EXPECT_FALSE(client.ended());
  pass(1ms);
  EXPECT_TRUE(client.ended());
}

TEST_F(LocalServer, ARequestThatComesInTimeStartsTheClockAnew) {
  start();
  Client client(path);
  ask(client, {0x02});
  pass(9s);
  EXPECT_EQ(ask(client, {1, 0x02}), Buffer{1});
  pass(9s);
  EXPECT_FALSE(client.ended());
  EXPECT_EQ(ask(client, {1}), Buffer{2});
  pass(10min);
  EXPECT_FALSE(client.ended());  // idle for as long as it likes: QEMU connects once
}

TEST_F(LocalServer, ABlockingReadIsAnsweredWhenThereIsEntropyAgain) {
  world.draw.ready_blocks = 0;
  start();
  Client waiting(path), other(path);
  EXPECT_EQ(ask(waiting, {0x02, 64}), Buffer{});
  EXPECT_EQ(server->next_deadline(now), now + 50ms);
  EXPECT_EQ(ask(other, {0x00}), (Buffer{0, 0, 0, 0}));  // it holds nobody up
  pass(50ms);
  EXPECT_EQ(waiting.received(), Buffer{});
  world.draw.ready_blocks = 2;
  pass(50ms);
  EXPECT_EQ(waiting.received().size(), 64U);
  pass(10min);
  EXPECT_FALSE(waiting.ended());
}

TEST_F(LocalServer, OneWhoLeavesWhileWaitingIsForgotten) {
  world.draw.ready_blocks = 0;
  start();
  Client client(path);
  ask(client, {0x02, 64});
  client.close();
  settle();
  EXPECT_FALSE(server->busy());
}

TEST_F(LocalServer, OneWhoOnlyStopsSendingGetsItsAnswer) {
  world.draw.ready_blocks = 0;
  start();
  Client client(path);
  client.send({0x02, 4});
  client.end_sending();
  settle();
  EXPECT_TRUE(server->busy());
  world.draw.ready_blocks = 1;
  pass(50ms);
  EXPECT_EQ(client.received().size(), 4U);
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(server->busy());
}

TEST_F(LocalServer, OneWhoDoesNotReadHoldsOneAnswerAndThenItsPatienceEnds) {
  start();
  Client client(path);
  Buffer many;
  for (int i = 0; i < 200; ++i) many.insert(many.end(), {0x51, 0xff, 0xff, 2});
  client.send(many);
  settle();
  const auto drawn = world.draw.types.size();
  EXPECT_LT(drawn, 20U);  // what the kernel's buffer takes, and one more
  pass(29s);
  EXPECT_FALSE(client.ended());
  EXPECT_GT(read_all(client), 65535U);  // a sign of life
  settle();
  EXPECT_GT(world.draw.types.size(), drawn);
  pass(29s);
  EXPECT_TRUE(server->busy());
  pass(1s);
  EXPECT_FALSE(server->busy());
}

TEST_F(LocalServer, WhatIsNoRequestEndsThatConnectionOnly) {
  start();
  Client bad(path), good(path);
  EXPECT_EQ(ask(bad, {0x01, 1, 'G', 'E', 'T'}), (Buffer{1, 1}));
  EXPECT_TRUE(bad.ended());
  EXPECT_EQ(ask(good, {0x01, 1}), (Buffer{1, 2}));
}

TEST_F(LocalServer, ManyRequestsAtOnceAllGetAnswered) {
  start();
  Client client(path);
  Buffer requests;
  for (int i = 0; i < 5000; ++i) requests.insert(requests.end(), {0x01, 1});
  client.send(requests);
  std::size_t got = 0;
  for (int i = 0; i < 5000 && got < 10'000; ++i) {
    settle();
    got += read_all(client);
  }
  EXPECT_EQ(got, 10'000U);
}

TEST_F(LocalServer, MoreThanTheLimitAreRefused) {
  options.max_connections = 2;
  start();
  Client one(path), two(path), three(path);
  settle();
  EXPECT_FALSE(two.ended());
  EXPECT_TRUE(three.ended());
  EXPECT_EQ(world.counters.refused.get(), 1U);
  one.close();
  settle();
  Client four(path);
  EXPECT_EQ(ask(four, {0x01, 1}).size(), 2U);
}

TEST_F(LocalServer, UsersOfAGroupCannotTakeTheLastPlaces) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become other users";
  fs::permissions(folder.path, fs::perms(0755));
  options.max_connections = 8;
  start(0666, {::getegid()});
  std::vector<std::unique_ptr<Client>> clients;
  // connect: the kernel notes who connects by the effective user.
  const auto connect = [&](uid_t user) {
    EXPECT_EQ(::seteuid(user), 0);
    clients.push_back(std::make_unique<Client>(path));
    EXPECT_EQ(::seteuid(0), 0);
    settle();
    return !clients.back()->ended();
  };
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(connect(4001)) << i;
  EXPECT_FALSE(connect(4001)) << "one user has half of them";
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(connect(4002)) << i;
  EXPECT_FALSE(connect(4002)) << "two users have three quarters together";
  EXPECT_FALSE(connect(4003)) << "and so have three";
  EXPECT_TRUE(connect(0));
  EXPECT_EQ(ask(*clients.back(), {0x01, 1}).size(), 2U);
  EXPECT_TRUE(connect(0));
  EXPECT_FALSE(connect(0)) << "all are taken";
  clients.front()->close();
  settle();
  EXPECT_TRUE(connect(4003));
}

TEST_F(LocalServer, OfTwoPlacesOneIsKept) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  fs::permissions(folder.path, fs::perms(0755));
  options.max_connections = 2;
  start(0666, {::getegid()});
  ASSERT_EQ(::seteuid(4001), 0);
  Client first(path), second(path);
  ASSERT_EQ(::seteuid(0), 0);
  settle();
  EXPECT_FALSE(first.ended());
  EXPECT_TRUE(second.ended());
  Client own(path);
  EXPECT_EQ(ask(own, {0x01, 1}).size(), 2U);
}

TEST_F(LocalServer, DrainFinishesAnswersRemovesTheSocketAndTakesNobodyNew) {
  start();
  Client idle(path), reading(path);
  Buffer many;
  for (int i = 0; i < 20; ++i) many.insert(many.end(), {0x51, 0xff, 0xff, 2});
  reading.send(many);
  settle();
  server->drain(now);
  settle();
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(Client(path).connected());
  EXPECT_TRUE(server->busy());
  std::size_t got = 0;
  for (int i = 0; i < 1000 && server->busy(); ++i) {
    got += read_all(reading);
    settle();
  }
  EXPECT_FALSE(server->busy());
  got += read_all(reading);
  EXPECT_EQ(got % (kDrawHeadBytes + 65535 + 29 - 1), 0U);  // whole answers: type drbg is one letter shorter than mixed
  server->drain(now);
}

TEST_F(LocalServer, CloseEndsAll) {
  world.draw.ready_blocks = 0;
  start();
  Client waiting(path);
  ask(waiting, {0x02, 1});
  server->close();
  EXPECT_TRUE(waiting.ended());
  EXPECT_FALSE(server->busy());
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace qeaas::local
