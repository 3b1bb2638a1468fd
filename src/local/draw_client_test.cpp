// SPDX-License-Identifier: GPL-3.0-or-later
// The drawing client against the real server, and against those who are not one.
#include "local/draw_client.hpp"

#include <gtest/gtest.h>
#include <atomic>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

#include "local/egd.hpp"
#include "local/server.hpp"
#include "local/test_folder.hpp"
#include "local/test_site.hpp"

namespace qeaas::local {
namespace {

using namespace test;

TimePoint soon() { return Clock::now() + 60s; }

// Served is a real server in a thread of its own.
class Served {
 public:
  Served() {
    auto made = Server::make(std::move(Listener::open(path, 0660, {}).value()), Permit({}), world.site, ServerOptions());
    server_ = std::move(*made);
  }
  ~Served() {
    stop_ = true;
    thread_.join();
  }
  void start() {
    thread_ = std::thread([this] {
      while (!stop_) {
        pollfd ready{server_->descriptor(), POLLIN, 0};
        if (::poll(&ready, 1, 10) == 1) server_->on_ready(Clock::now());
        server_->on_timer(Clock::now());
      }
    });
  }
  Folder folder;
  std::filesystem::path path = folder.path / "e.sock";
  TestSite world;

 private:
  std::unique_ptr<Server> server_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST(LocalDraw, BytesAndWhereTheyCameFrom) {
  Served served;
  served.start();
  const auto answer = local_draw(served.path, 5, EntropyType::direct, soon());
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(Buffer(answer->random.span().begin(), answer->random.span().end()), (Buffer{1, 2, 3, 4, 5}));
  EXPECT_EQ(answer->type, EntropyType::direct);
  ASSERT_EQ(answer->sources.size(), 1U);
  EXPECT_EQ(answer->sources[0].id, "lamp");
  EXPECT_EQ(answer->sources[0].kind, SourceKind::quantum);
  EXPECT_FALSE(answer->simulated);
}

TEST(LocalDraw, TheLargestAnswer) {
  Served served;
  served.start();
  EXPECT_EQ(local_draw(served.path, kMaxLocalDrawBytes, EntropyType::drbg, soon())->random.size(), kMaxLocalDrawBytes);
  for (const std::size_t count : {std::size_t{0}, kMaxLocalDrawBytes + 1})
    EXPECT_EQ(local_draw(served.path, count, EntropyType::drbg, soon()).error().error, Error::out_of_range);
}

TEST(LocalDraw, WhatTheServerRefusesHasItsName) {
  const std::pair<Error, Error> cases[] = {{Error::alarmed, Error::alarmed},     {Error::over_quota, Error::over_quota},
                                           {Error::forbidden, Error::forbidden}, {Error::too_large, Error::too_large},
                                           {Error::starved, Error::starved},     {Error::crypto, Error::io}};
  for (const auto& [inside, outside] : cases) {
    Served served;
    served.world.draw.failure = inside;
    served.start();
    // The server asks for 7 s of patience, and there are none.
    EXPECT_EQ(local_draw(served.path, 32, EntropyType::direct, Clock::now() + 5s).error().error, outside) << name(inside);
  }
}

TEST(LocalDraw, NobodyThere) {
  const Folder folder;
  EXPECT_EQ(local_draw(folder.path / "none", 32, EntropyType::direct, soon()).error().error, Error::not_found);
  const auto path = folder.path / "left";
  {
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof(address.sun_path));
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  EXPECT_EQ(local_draw(path, 32, EntropyType::direct, soon()).error().error, Error::unreachable);
  EXPECT_EQ(local_draw(folder.path / std::string(120, 'x'), 32, EntropyType::direct, soon()).error().error, Error::too_large);
}

// Impostor answers every request with the same bytes, or with nothing, and may close.
class Impostor {
 public:
  Impostor(const std::filesystem::path& path, Buffer answer, bool closes)
      : listener_(std::move(Listener::open(path, 0600, {}).value())), thread_([this, answer = std::move(answer), closes] {
          pollfd ready{listener_->descriptor(), POLLIN, 0};
          static_cast<void>(::poll(&ready, 1, 60'000));
          auto peer = listener_->accept();
          if (!peer) return;
          static_cast<void>(!::send(peer->get(), answer.data(), answer.size(), MSG_NOSIGNAL));
          if (!closes) kept_ = std::move(*peer);
        }) {}
  ~Impostor() { thread_.join(); }

 private:
  std::unique_ptr<Listener> listener_;
  FileDescriptor kept_;
  std::thread thread_;
};

Error error_of(const Buffer& answer, bool closes, Clock::duration patience = 60s) {
  const Folder folder;
  const auto path = folder.path / "e.sock";
  const Impostor impostor(path, answer, closes);
  const auto drawn = local_draw(path, 2, EntropyType::mixed, Clock::now() + patience);
  return drawn ? Error::unknown : drawn.error().error;
}

TEST(LocalDraw, AnotherProtocolIsNotBelieved) {
  EXPECT_EQ(error_of({0, 0, 0, 3, 0, 0, 1, 2, 3}, false), Error::malformed);        // another length than asked for
  EXPECT_EQ(error_of({2, 0, 0, 1, 0, 0, 9}, false), Error::malformed);              // bytes with a refusal
  EXPECT_EQ(error_of({0, 0, 0, 2, 0, 1, 1, 2, 0xFF}, false), Error::malformed);     // no provenance
  EXPECT_EQ(error_of({0, 0, 0, 2, 0, 53, 1, 2, 0xA4, 0x02}, true), Error::closed);  // it ends in the middle
  EXPECT_EQ(error_of({}, true), Error::closed);
}

TEST(LocalDraw, ASilentServerIsWaitedForNoLongerThanAllowed) { EXPECT_EQ(error_of({}, false, 50ms), Error::timeout); }

TEST(LocalDraw, AnAnswerOfAnotherTypeIsRefused) {
  // {2: "drbg", 3: [["a", "quantum", false]], 4: null, 5: false}, where mixed was asked for
  const Buffer account{0xA4, 0x02, 0x64, 'd', 'r', 'b', 'g', 0x03, 0x81, 0x83, 0x61, 'a', 0x67,
                       'q',  'u',  'a',  'n', 't', 'u', 'm', 0xF4, 0x04, 0xF6, 0x05, 0xF4};
  Buffer answer{0, 0, 0, 2, 0, static_cast<std::uint8_t>(account.size()), 7, 7};
  answer.insert(answer.end(), account.begin(), account.end());
  EXPECT_EQ(error_of(answer, false), Error::malformed);
}

}  // namespace
}  // namespace qeaas::local
