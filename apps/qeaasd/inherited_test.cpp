// SPDX-License-Identifier: GPL-3.0-or-later
// What a service manager may pass, and what it may not.
#include "inherited.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace qeaas {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kFirst = 100;  // numbers that nothing else of the test has

class InheritedTest : public ::testing::Test {
 protected:
  ~InheritedTest() override {
    ::unlink(path_.c_str());
    for (const auto* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }
  // pass puts a descriptor where the next one of a service manager would be.
  void pass(int descriptor) {
    ::dup2(descriptor, kFirst + count_++);
    ::close(descriptor);
  }
  Address pass_internet(int type, bool listens = true) {
    const int socket = ::socket(AF_INET, type, 0);
    Address address = *Address::parse("127.0.0.1:0");
    auto size = address.size();
    EXPECT_EQ(::bind(socket, address.data(), size), 0);
    size = Address::capacity();
    EXPECT_EQ(::getsockname(socket, address.data(), &size), 0);
    if (type == SOCK_STREAM && listens) {
      EXPECT_EQ(::listen(socket, 4), 0);
    }
    pass(socket);
    return address;
  }
  void pass_local(int type) {
    const int socket = ::socket(AF_UNIX, type, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(socket, 4), 0);
    }
    pass(socket);
  }
  Outcome<InheritedSockets> adopted() const { return InheritedSockets::adopt(kFirst, static_cast<std::size_t>(count_)); }

  std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("qeaas-inherited-" + std::to_string(::getpid()));
  int count_ = 0;
};

TEST_F(InheritedTest, SocketsAreFoundByProtocolAndAddress) {
  const auto tcp = pass_internet(SOCK_STREAM);
  const auto udp = pass_internet(SOCK_DGRAM);
  auto sockets = adopted().value();
  EXPECT_THAT(sockets.rest(), ElementsAre("TCP " + tcp.text(), "UDP " + udp.text()));
  EXPECT_THAT(sockets.take(SOCK_DGRAM, tcp), IsEmpty());
  EXPECT_EQ(sockets.take(SOCK_STREAM, tcp).size(), 1U);
  EXPECT_THAT(sockets.take(SOCK_STREAM, tcp), IsEmpty());  // it is ours now
  EXPECT_EQ(sockets.take(SOCK_DGRAM, udp).size(), 1U);
  EXPECT_THAT(sockets.rest(), IsEmpty());
}

TEST_F(InheritedTest, SeveralAtOneAddressAreTakenTogether) {
  const auto udp = pass_internet(SOCK_DGRAM);
  pass(::dup(kFirst));
  EXPECT_EQ(adopted()->take(SOCK_DGRAM, udp).size(), 2U);
}

TEST_F(InheritedTest, TheyAreNotPassedOnAndNeverBlock) {
  const auto tcp = pass_internet(SOCK_STREAM);
  const auto taken = adopted()->take(SOCK_STREAM, tcp);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(::fcntl(taken[0].get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(::fcntl(taken[0].get(), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

TEST_F(InheritedTest, AUnixSocketIsFoundByItsPathOrByBeingTheOnlyOne) {
  pass_local(SOCK_STREAM);
  pass(::dup(kFirst));
  auto sockets = adopted().value();
  EXPECT_FALSE(sockets.take_local("/elsewhere"));
  EXPECT_TRUE(sockets.take_local(path_));
  EXPECT_THAT(sockets.rest(), ElementsAre("Unix " + path_.string()));
  EXPECT_TRUE(sockets.take_local(""));
  EXPECT_FALSE(sockets.take_local(""));
}

TEST_F(InheritedTest, WhatCannotBeServedIsRefused) {
  pass(::open("/dev/null", O_RDONLY));
  EXPECT_THAT(adopted().error().text, HasSubstr("descriptor 100 of the service manager is no socket"));
  count_ = 0;
  pass_internet(SOCK_STREAM, false);
  EXPECT_THAT(adopted().error().text, HasSubstr("does not listen"));
  count_ = 0;
  pass_local(SOCK_DGRAM);
  EXPECT_THAT(adopted().error().text, HasSubstr("Unix datagram socket"));
  count_ = 0;
  pass(::socket(AF_NETLINK, SOCK_DGRAM, 0));
  EXPECT_THAT(adopted().error().text, HasSubstr("of a family that is not served"));
  count_ = 1;
  EXPECT_EQ(adopted().error().error, Error::malformed);  // nothing is open there
}

TEST_F(InheritedTest, AnotherProcesssSocketsAreNotOurs) {
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid() + 1).c_str(), 1);
  EXPECT_THAT(InheritedSockets::from_environment()->rest(), IsEmpty());
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
  EXPECT_THAT(InheritedSockets::from_environment()->rest(), IsEmpty());
}

TEST_F(InheritedTest, ANumberThatIsNoneIsRefused) {
  for (const auto* text : {"x", "-1", "257", ""}) {
    ::setenv("LISTEN_FDS", text, 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(InheritedSockets::from_environment().error().error, Error::malformed) << text;
  }
}

}  // namespace
}  // namespace qeaas
