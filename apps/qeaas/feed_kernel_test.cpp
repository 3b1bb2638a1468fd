// SPDX-License-Identifier: GPL-3.0-or-later
// The pool over an injected ioctl, and the marks of containers in a root of the test's own.
#include "feed_kernel.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <linux/random.h>

#include "client/test_folder.hpp"

namespace qeaas::cli {
namespace {

// Kernel records what it is asked, and answers as it is told to.
struct Kernel {
  struct Call {
    unsigned long request = 0;
    int credit_bits = -1;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<Call> calls;
  int answer = 0;
  const void* memory = nullptr;

  Pool pool() {
    return Pool([this](unsigned long request, void* argument) {
      Call call{request, -1, {}};
      if (request == RNDADDENTROPY) {
        const auto* bytes = static_cast<const std::uint8_t*>(argument);
        int head[2];
        std::memcpy(head, bytes, sizeof(head));
        call.credit_bits = head[0];
        call.bytes.assign(bytes + sizeof(head), bytes + sizeof(head) + head[1]);
      }
      calls.push_back(std::move(call));
      return answer;
    });
  }
};

SecretBytes bytes(std::size_t size) {
  SecretBytes made(size);
  for (std::size_t i = 0; i < size; ++i) made.span()[i] = static_cast<std::uint8_t>(i + 1);
  return made;
}

TEST(FeedKernel, BytesAndTheirCreditGoInByOneCall) {
  Kernel kernel;
  ASSERT_TRUE(kernel.pool().add(bytes(64), 510));
  ASSERT_EQ(kernel.calls.size(), 1U);
  EXPECT_EQ(kernel.calls[0].request, static_cast<unsigned long>(RNDADDENTROPY));
  EXPECT_EQ(kernel.calls[0].credit_bits, 510);
  const auto expected = bytes(64);
  EXPECT_EQ(kernel.calls[0].bytes, std::vector<std::uint8_t>(expected.span().begin(), expected.span().end()));
}

TEST(FeedKernel, BytesWithoutCreditGoInToo) {
  Kernel kernel;
  ASSERT_TRUE(kernel.pool().add(bytes(32), 0));
  EXPECT_EQ(kernel.calls[0].credit_bits, 0);
  EXPECT_EQ(kernel.calls[0].bytes.size(), 32U);
}

TEST(FeedKernel, MoreThanEightBitsAByteAreNeverAskedFor) {
  Kernel kernel;
  EXPECT_EQ(kernel.pool().add(bytes(32), 257).error().error, Error::out_of_range);
  EXPECT_EQ(kernel.pool().add(bytes(70000), 8).error().error, Error::too_large);
  EXPECT_TRUE(kernel.calls.empty());
}

TEST(FeedKernel, AFailedAddIsNotTriedAgainWithTheSameBytes) {
  for (const int number : {EFAULT, EINTR, EAGAIN}) {
    Kernel kernel;
    kernel.answer = number;
    EXPECT_EQ(kernel.pool().add(bytes(32), 256).error().error, Error::io) << number;
    EXPECT_EQ(kernel.calls.size(), 1U);
  }
}

TEST(FeedKernel, AskingForTheRightAddsNothing) {
  Kernel kernel;
  EXPECT_TRUE(kernel.pool().allowed());
  ASSERT_EQ(kernel.calls.size(), 1U);
  EXPECT_EQ(kernel.calls[0].credit_bits, 0);
  EXPECT_TRUE(kernel.calls[0].bytes.empty());
}

TEST(FeedKernel, WhatTheKernelRefusesHasItsName) {
  const std::pair<int, Error> cases[] = {
      {EPERM, Error::denied}, {EACCES, Error::denied}, {ENOTTY, Error::unsupported}, {EINVAL, Error::unsupported}, {EIO, Error::io}};
  for (const auto& [number, error] : cases) {
    Kernel kernel;
    kernel.answer = number;
    EXPECT_EQ(kernel.pool().allowed().error().error, error) << number;
    EXPECT_EQ(kernel.pool().add(bytes(32), 0).error().error, error) << number;
    EXPECT_EQ(kernel.pool().reseed().error().error, error) << number;
  }
}

TEST(FeedKernel, AReseedBeforeThereIsAnythingIsSaidToBeThat) {
  Kernel kernel;
  EXPECT_TRUE(kernel.pool().reseed());
  EXPECT_EQ(kernel.calls[0].request, static_cast<unsigned long>(RNDRESEEDCRNG));
  kernel.answer = ENODATA;
  EXPECT_EQ(kernel.pool().reseed().error().error, Error::starved);
}

class FeedContainer : public ::testing::Test {
 protected:
  void put(const std::string& file, const std::string& content = "") {
    std::filesystem::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << content;
  }
  std::optional<std::string> here() const { return container_here(folder_.path()); }
  TestFolder folder_;
};

TEST_F(FeedContainer, AMachineOfItsOwnHasNoMarks) {
  put("proc/sys/kernel/osrelease", "6.1.0-28-amd64\n");
  put("proc/1/environ", std::string("HOME=/\0TERM=linux\0", 18));
  EXPECT_EQ(here(), std::nullopt);
}

TEST_F(FeedContainer, PodmanAndDockerLeaveAFile) {
  put(".dockerenv");
  EXPECT_EQ(here(), "docker");
  put("run/.containerenv");
  EXPECT_EQ(here(), "podman");
}

TEST_F(FeedContainer, SystemdAndNspawnSayTheirName) {
  put("run/systemd/container", "systemd-nspawn\n");
  EXPECT_EQ(here(), "systemd-nspawn");
  put("run/host/container-manager", "lxc\n");
  EXPECT_EQ(here(), "lxc");
}

TEST_F(FeedContainer, TheFirstProcesssEnvironmentSaysIt) {
  put("proc/1/environ", std::string("HOME=/\0container=oci\0", 21));
  EXPECT_EQ(here(), "oci");
}

TEST_F(FeedContainer, OpenVzAndWsl) {
  put("proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n");
  EXPECT_EQ(here(), "wsl");
  std::filesystem::create_directories(folder_.path() / "proc/vz");
  EXPECT_EQ(here(), "openvz");
  std::filesystem::create_directories(folder_.path() / "proc/bc");  // the host of OpenVZ
  EXPECT_EQ(here(), "wsl");
}

}  // namespace
}  // namespace qeaas::cli
