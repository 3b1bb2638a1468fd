// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/process_source.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <thread>

#include "source/test_folder.hpp"

namespace qeaas {
namespace {

using test::has;

class ProcessTest : public test::FolderTest {
 protected:
  static std::unique_ptr<Source> source(std::vector<std::string> argv, unsigned bits = 8, std::chrono::milliseconds timeout = 10s) {
    return make_process_source(
        {.id = "tool", .argv = std::move(argv), .sample_bits = bits, .per_sample = MinEntropy::from_whole_bits(1), .timeout = timeout});
  }
  std::string line(Source& from) {
    std::string text;
    std::array<std::uint8_t, 1> sample{};
    while (from.read(sample) && sample[0] != '\n') text.push_back(static_cast<char>(sample[0]));
    return text;
  }
  std::array<std::uint8_t, 4> samples_{};
};

TEST_F(ProcessTest, ReadsOutputWithoutAShell) {
  auto echo = source({"/bin/echo", "$HOME; *"});
  ASSERT_TRUE(echo->open());
  EXPECT_EQ(line(*echo), "$HOME; *");
  EXPECT_EQ(echo->read(samples_).error(), Error::source_gone) << "the process has ended";
  ASSERT_TRUE(echo->open()) << "it can be started again";
  EXPECT_EQ(line(*echo), "$HOME; *");
}

TEST_F(ProcessTest, LowBitsAndClaim) {
  auto printf = source({"/usr/bin/printf", "\\377\\001\\002\\003"}, 2);
  ASSERT_TRUE(printf->open());
  ASSERT_TRUE(printf->read(samples_));
  EXPECT_EQ(samples_, (std::array<std::uint8_t, 4>{3, 1, 2, 3}));
  EXPECT_TRUE(has(printf->info().claim, "/usr/bin/printf"));
}

TEST_F(ProcessTest, TheChildSeesNeitherEnvironmentNorDescriptors) {
  ASSERT_EQ(::setenv("QEAAS_TEST_TOKEN", "secret", 1), 0);
  auto child = source({"/bin/sh", "-c", "echo \"[$QEAAS_TEST_TOKEN]\"; ls /proc/self/fd | tr '\\n' ' '; echo"});
  ASSERT_TRUE(child->open());
  EXPECT_EQ(line(*child), "[]");
  EXPECT_EQ(line(*child), "0 1 2 3 ") << "3 is the one by which ls reads the folder";
  ::unsetenv("QEAAS_TEST_TOKEN");
}

TEST_F(ProcessTest, CloseKillsItsOwnGroupAndReaps) {
  auto child = source({"/bin/sh", "-c", "echo $$; /bin/sleep 1000 & echo $!; wait"});
  ASSERT_TRUE(child->open());
  const int parent = std::stoi(line(*child));
  const int grandchild = std::stoi(line(*child));
  EXPECT_EQ(::getpgid(grandchild), parent) << "one group, its own";
  child->close();
  EXPECT_EQ(::kill(parent, 0), -1) << "reaped";
  EXPECT_EQ(child->read(samples_).error(), Error::source_gone);
}

TEST_F(ProcessTest, SilenceIsATimeoutAndInterruptEndsAWait) {
  auto silent = source({"/bin/sleep", "1000"}, 8, 1ms);
  ASSERT_TRUE(silent->open());
  EXPECT_EQ(silent->read(samples_).error(), Error::timeout);
  auto patient = source({"/bin/sleep", "1000"}, 8, std::chrono::hours(1));
  ASSERT_TRUE(patient->open());
  std::thread other([&] { patient->interrupt(); });
  EXPECT_EQ(patient->read(samples_).error(), Error::closed);
  other.join();
  EXPECT_EQ(patient->open().error().error, Error::closed);
}

TEST_F(ProcessTest, WhatCannotStartIsNamed) {
  EXPECT_EQ(source({})->open().error().error, Error::refused);
  EXPECT_EQ(source({"echo"})->open().error().error, Error::refused);
  const auto missing = source({"/no/such/program"})->open();
  EXPECT_EQ(missing.error().error, Error::not_found);
  EXPECT_TRUE(has(missing.error().text, "/no/such/program"));
  EXPECT_EQ(source({write("plain", "text").string()})->open().error().error, Error::denied) << "not executable";
}

TEST_F(ProcessTest, NoDescriptorLeft) {
  auto echo = source({"/bin/echo"});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto opened = echo->open();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(opened.error().error, Error::no_space);
}

}  // namespace
}  // namespace qeaas
