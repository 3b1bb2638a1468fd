// SPDX-License-Identifier: GPL-3.0-or-later
// The supplies against real sockets and devices: what servers answer, what hosts close behind our back, and what is left after a fork.
#include "supply.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "device_supply.hpp"
#include "fake_server.hpp"
#include "local/test_folder.hpp"
#include "socket_supply.hpp"

namespace qeaas::provider {
namespace {

using Buffer = std::vector<std::uint8_t>;

using test::bytes_of;
using test::FakeServer;
using test::refused;
TimePoint soon() { return Clock::now() + 10s; }

struct SocketSupplyTest : testing::Test {
  local::test::Folder folder;
  std::string path = (folder.path / "entropy.sock").string();
  SocketSupply supply{path, EntropyType::direct};
  Buffer out = Buffer(32);
};

TEST_F(SocketSupplyTest, OneConnectionServesManyDrawsAndLongOnesInParts) {
  std::atomic<int> requests = 0;
  std::atomic<int> types = 0;
  FakeServer server(path, [&](const local::Request& request, int number) {
    ++requests;
    types += request.type;
    return bytes_of(request, number);
  });
  supply.open();
  EXPECT_TRUE(supply.fetch(out, soon()));
  EXPECT_TRUE(supply.fetch(out, soon()));
  EXPECT_EQ(out, Buffer(32, 1));
  Buffer large(65536);
  EXPECT_TRUE(supply.fetch(large, soon()));
  EXPECT_EQ(large, Buffer(65536, 1));
  EXPECT_EQ(requests, 6);
  EXPECT_EQ(types, 0);  // direct
  EXPECT_EQ(server.connections, 1);
}

TEST_F(SocketSupplyTest, AServerThatWasStartedAgainIsFoundAgain) {
  {
    FakeServer first(path, bytes_of);
    EXPECT_TRUE(supply.fetch(out, soon()));
  }
  ::unlink(path.c_str());
  const auto gone = supply.fetch(out, soon());
  EXPECT_EQ(gone.error().error, Error::not_found);
  EXPECT_NE(gone.error().text.find("is qeaasd running"), std::string::npos);
  FakeServer second(path, bytes_of);
  EXPECT_TRUE(supply.fetch(out, soon()));
}

TEST_F(SocketSupplyTest, EveryRefusalHasItsError) {
  const std::vector<std::pair<local::Code, Error>> cases{
      {local::Code::starved, Error::starved},      {local::Code::alarmed, Error::alarmed},     {local::Code::over_quota, Error::over_quota},
      {local::Code::forbidden, Error::forbidden},  {local::Code::too_large, Error::too_large}, {local::Code::failed, Error::io},
      {local::Code::bad_request, Error::malformed}};
  std::atomic<std::size_t> at = 0;
  FakeServer server(path, [&](const local::Request&, int) { return refused(cases[at].first, 60); });
  for (; at < cases.size(); ++at) EXPECT_EQ(supply.fetch(out, Clock::now() + 1s).error().error, cases[at].second) << at;
  EXPECT_EQ(server.connections, 1);
}

TEST_F(SocketSupplyTest, AServerThatSaysWhenToAskAgainIsAskedAgain) {
  std::atomic<int> asked = 0;
  FakeServer server(path, [&](const local::Request& request, int number) {
    return ++asked == 1 ? refused(local::Code::starved, 1) : bytes_of(request, number);
  });
  EXPECT_TRUE(supply.fetch(out, soon()));
  EXPECT_EQ(asked, 2);
}

TEST_F(SocketSupplyTest, WhoIsNotLetInIsToldSo) {
  FakeServer server(path, [](const local::Request&, int) { return Buffer{}; });
  const auto refusal = supply.fetch(out, soon());
  EXPECT_EQ(refusal.error().error, Error::closed);
  EXPECT_NE(refusal.error().text.find("[local] groups"), std::string::npos);
}

TEST_F(SocketSupplyTest, ALateAnswerIsNeverTakenForTheNext) {
  std::atomic<bool> slow = true;
  FakeServer server(path, [&](const local::Request& request, int number) {
    while (slow) std::this_thread::yield();
    return bytes_of(request, number);
  });
  EXPECT_EQ(supply.fetch(out, Clock::now() + 20ms).error().error, Error::timeout);
  slow = false;
  EXPECT_TRUE(supply.fetch(out, soon()));
  EXPECT_EQ(out, Buffer(32, 2));  // the second connection's
}

TEST_F(SocketSupplyTest, WhatIsNoServerOfOursIsRefused) {
  FakeServer server(path, [](const local::Request& request, int number) {
    auto answer = bytes_of(request, number);
    answer[3] = 31;
    return answer;
  });
  EXPECT_EQ(supply.fetch(out, soon()).error().error, Error::malformed);
}

TEST_F(SocketSupplyTest, ADescriptorThatTheHostClosedAndUsedAgainIsLeftAlone) {
  FakeServer server(path, bytes_of);
  supply.open();
  ASSERT_TRUE(supply.fetch(out, soon()));
  for (int descriptor = 3; descriptor < 20; ++descriptor) {
    sockaddr_un peer{};
    socklen_t size = sizeof(peer);
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || path != peer.sun_path) continue;
    const int other = ::open("/dev/zero", O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::dup2(other, descriptor), descriptor);
    ::close(other);
    EXPECT_TRUE(supply.fetch(out, soon()));
    EXPECT_EQ(out, Buffer(32, 2));
    EXPECT_NE(::fcntl(descriptor, F_GETFD), -1);  // not ours to close
    ::close(descriptor);
    return;
  }
  FAIL() << "the connection was not found";
}

TEST_F(SocketSupplyTest, ConnectingAgainNeedsNoNewDescriptor) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "SKIPPED: the sanitizer opens a descriptor of its own to look at an object";
#endif
  auto first = std::make_unique<FakeServer>(path, [](const local::Request& request, int number) {
    return number == 1 && request.count == 33 ? Buffer{} : bytes_of(request, number);  // 33 bytes end the first connection
  });
  supply.open();
  ASSERT_TRUE(supply.fetch(out, soon()));
  // The server runs in this process and needs a descriptor for the connection, so exactly one is left free.
  std::vector<FileDescriptor> hoard;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit few{64, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  while (true) {
    FileDescriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!one) break;
    hoard.push_back(std::move(one));
  }
  hoard.pop_back();
  Buffer longer(33);
  const auto done = supply.fetch(longer, soon());
  hoard.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(done) << done.error().text;
}

TEST_F(SocketSupplyTest, AChildOfAPrivilegedProcessHasAConnectionThatItNeedNotOpen) {
  if (::geteuid() != 0) GTEST_SKIP() << "only a privileged process opens one for its children";
  FakeServer server(path, bytes_of);
  ASSERT_TRUE(supply.fetch(out, soon()));
  supply.before_fork();
  const auto child = ::fork();
  if (child == 0) {
    supply.after_fork_in_child();
    const bool away = ::chroot(folder.path.c_str()) == 0 && ::chdir("/") == 0 && ::setgid(65534) == 0 && ::setuid(65534) == 0;
    const bool done = away && supply.fetch(out, soon()).has_value();
    ::_exit(done && out == Buffer(32, 2) ? 0 : 1);
  }
  supply.after_fork_in_parent();
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(supply.fetch(out, soon()));
  EXPECT_EQ(out, Buffer(32, 1));
}

TEST(DeviceSupplyTest, ReadsACharacterDeviceAndNothingElse) {
  DeviceSupply device("/dev/urandom");
  device.open();
  Buffer one(100);
  Buffer other(100);
  EXPECT_TRUE(device.fetch(one, soon()));
  EXPECT_TRUE(device.fetch(other, soon()));
  EXPECT_NE(one, other);
  Buffer small(3);
  EXPECT_TRUE(device.fetch(small, soon()));
  EXPECT_EQ(DeviceSupply("/etc/passwd").fetch(one, soon()).error().error, Error::refused);
  EXPECT_EQ(DeviceSupply("/dev/none").fetch(one, soon()).error().error, Error::not_found);
  EXPECT_EQ(DeviceSupply("/dev/null").fetch(one, soon()).error().error, Error::source_gone);
}

TEST(DeviceSupplyTest, AStuckDeviceIsAnAlarmThatStays) {
  DeviceSupply device("/dev/zero");
  Buffer one(16);
  EXPECT_TRUE(device.fetch(one, soon()));
  EXPECT_EQ(device.fetch(one, soon()).error().error, Error::alarmed);
  EXPECT_EQ(device.fetch(one, soon()).error().error, Error::alarmed);
}

TEST(ServerSupplyTest, NeedsSomethingToVerifyTheServerWith) {
  Settings settings;
  settings.origin = Origin::server;
  settings.server = "coaps://127.0.0.1:1";
  EXPECT_EQ(make_supply(settings).error().error, Error::refused);
  settings.ca = "/none/ca.pem";
  EXPECT_EQ(make_supply(settings).error().error, Error::not_found);
  settings.ca.clear();
  settings.psk = "id";
  EXPECT_EQ(make_supply(settings).error().error, Error::malformed);
  settings.psk = std::string(65, 'i') + ":/none/key";
  EXPECT_EQ(make_supply(settings).error().error, Error::out_of_range);
  local::test::Folder folder;
  const auto file = folder.path / "key";
  FILE* key = ::fopen(file.c_str(), "w");
  ::fputs("00112233445566778899aabbccddeeff\n", key);
  ::fclose(key);
  settings.psk = "id:" + file.string();
  ::chmod(file.c_str(), 0644);
  EXPECT_EQ(make_supply(settings).error().error, Error::refused);
  ::chmod(file.c_str(), 0600);
  auto made = make_supply(settings);
  ASSERT_TRUE(made) << made.error().text;
  Buffer out(32);
  EXPECT_FALSE((*made)->fetch(out, soon()));
  settings.groups = "MLKEM512,Kyber";
  EXPECT_NE(make_supply(settings).error().text.find("Kyber"), std::string::npos);
  settings.groups.clear();
  settings.signatures = "RSA";
  EXPECT_NE(make_supply(settings).error().text.find("unknown signature algorithm 'RSA'"), std::string::npos);
  settings.signatures.clear();
  settings.server = "coap://127.0.0.1";
  EXPECT_EQ(make_supply(settings).error().error, Error::refused);
}

}  // namespace
}  // namespace qeaas::provider
