// SPDX-License-Identifier: GPL-3.0-or-later
// What a configuration needs, and a limit that is raised as far as it may be.
#include "descriptors.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qeaas {
namespace {

TEST(Descriptors, EveryConnectionOnEveryAddressCounts) {
  Config config;
  const auto built_in = descriptors_needed(config, 2);
  EXPECT_GT(built_in, 4 * 8192 + 64U);
  EXPECT_LE(descriptors_needed(config, 64), 65536U) << "what the unit allows is enough for the built-in settings, whatever the machine";
  config.http.listen.emplace_back("192.0.2.1:6065");
  EXPECT_EQ(descriptors_needed(config, 2), built_in + 8192 + 2);
  config.http.max_connections = 10;
  EXPECT_LT(descriptors_needed(config, 2), 1024U);
  const auto few = descriptors_needed(config, 2);
  config.coaps.max_sessions = 1'000'000;
  EXPECT_EQ(descriptors_needed(config, 2), few) << "sessions share a socket";
  config.local.max_connections = 1024;
  EXPECT_EQ(descriptors_needed(config, 2), few + 1024 - 64);
  config.local.enabled = config.http.enabled = config.https.enabled = config.coaps.enabled = config.proxy.enabled = false;
  EXPECT_LT(descriptors_needed(config, 2), 256U);
}

// in_a_child gives what raise_descriptor_limit makes of these limits.
std::uint64_t in_a_child(rlim_t soft, rlim_t hard, std::uint64_t needed) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const auto child = ::fork();
  if (child == 0) {
    const rlimit limit{soft, hard};
    const auto set = ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? raise_descriptor_limit(needed) : Result<std::uint64_t>(1);
    rlimit after{};
    ::getrlimit(RLIMIT_NOFILE, &after);
    const std::uint64_t found = set && *set == after.rlim_cur && after.rlim_max == hard ? *set : 2;
    static_cast<void>(!::write(ends[1], &found, sizeof(found)));
    ::_exit(0);
  }
  std::uint64_t found = 3;
  EXPECT_EQ(::read(ends[0], &found, sizeof(found)), static_cast<ssize_t>(sizeof(found)));
  ::close(ends[0]);
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
  return found;
}

TEST(Descriptors, TheSoftLimitIsRaisedToWhatIsNeededAndNeverLowered) {
  EXPECT_EQ(in_a_child(200, 1000, 500), 500U);
  EXPECT_EQ(in_a_child(200, 1000, 5000), 1000U) << "as far as it may be";
  EXPECT_EQ(in_a_child(800, 1000, 500), 800U);
}

}  // namespace
}  // namespace qeaas
