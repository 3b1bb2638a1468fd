// SPDX-License-Identifier: GPL-3.0-or-later
// What the manager hears, and how often it wants to.
#include "base/notify.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/handle.hpp"

namespace qeaas {
namespace {

class NotifyTest : public ::testing::Test {
 protected:
  NotifyTest() { clear(); }
  ~NotifyTest() override { clear(); }
  static void clear() {
    for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
};

TEST_F(NotifyTest, TheManagerHearsTheState) {
  const FileDescriptor manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = "qeaas-notify-test-" + std::to_string(::getpid());
  name.copy(address.sun_path + 1, name.size());  // an abstract address
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())),
            0);
  notify_manager("READY=1");  // nobody has said where
  ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  notify_manager("WATCHDOG=1");
  std::array<char, 64> room{};
  EXPECT_EQ(std::string(room.data(), static_cast<std::size_t>(std::max<ssize_t>(::recv(manager.get(), room.data(), room.size(), 0), 0))),
            "WATCHDOG=1");
  EXPECT_LT(::recv(manager.get(), room.data(), room.size(), 0), 0);
}

TEST_F(NotifyTest, WithoutAWatchdogThereIsNoInterval) { EXPECT_FALSE(watchdog_interval()); }

TEST_F(NotifyTest, TheIntervalIsHalfOfThePeriod) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(watchdog_interval(), std::chrono::seconds(15));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(watchdog_interval(), std::chrono::seconds(15));
}

TEST_F(NotifyTest, AnotherProcesssWatchdogIsNotOurs) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid() + 1).c_str(), 1);
  EXPECT_FALSE(watchdog_interval());
}

TEST_F(NotifyTest, APeriodThatIsNoneCountsForNothing) {
  for (const auto* text : {"", "0", "1", "-5", "soon", "999999999999999999999"}) {
    ::setenv("WATCHDOG_USEC", text, 1);
    EXPECT_FALSE(watchdog_interval()) << text;
  }
}

}  // namespace
}  // namespace qeaas
