// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/interrupter.hpp"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace qeaas {
namespace {

class PipeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    output_.reset(ends[0]);
    input_.reset(ends[1]);
  }
  FileDescriptor output_;
  FileDescriptor input_;
  Interrupter interrupter_;
  std::array<std::uint8_t, 4> bytes_{};
};

TEST_F(PipeTest, ReadsInPartsUntilFull) {
  ASSERT_EQ(::write(input_.get(), "ab", 2), 2);
  std::thread writer([&] { EXPECT_EQ(::write(input_.get(), "cd", 2), 2); });
  EXPECT_TRUE(read_descriptor(output_.get(), bytes_, 10s, interrupter_));
  writer.join();
  EXPECT_EQ(bytes_, (std::array<std::uint8_t, 4>{'a', 'b', 'c', 'd'}));
}

TEST_F(PipeTest, EndOfFileAndBadDescriptorAreGone) {
  input_.reset();
  EXPECT_EQ(read_descriptor(output_.get(), bytes_, 10s, interrupter_).error(), Error::source_gone);
  EXPECT_EQ(read_descriptor(-1, bytes_, 10s, interrupter_).error(), Error::source_gone);
}

TEST_F(PipeTest, SilenceIsATimeout) { EXPECT_EQ(read_descriptor(output_.get(), bytes_, 1ms, interrupter_).error(), Error::timeout); }

TEST_F(PipeTest, InterruptEndsAWaitAndStays) {
  std::thread other([&] { interrupter_.interrupt(); });
  EXPECT_EQ(read_descriptor(output_.get(), bytes_, 1h, interrupter_).error(), Error::closed);
  other.join();
  ASSERT_EQ(::write(input_.get(), "abcd", 4), 4);
  EXPECT_EQ(read_descriptor(output_.get(), bytes_, 1h, interrupter_).error(), Error::closed) << "later reads fail too";
  EXPECT_EQ(interrupter_.wait_until(Clock::now() + 1h).error(), Error::closed);
  EXPECT_EQ(interrupter_.ready().error(), Error::closed);
}

TEST(Interrupter, ADeadlineThatPassedIsNoError) {
  Interrupter interrupter;
  EXPECT_TRUE(interrupter.wait_until(Clock::now() - 1s));
}

TEST(Interrupter, WithoutAnEventNothingMayWait) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  Interrupter interrupter;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(interrupter.ready().error(), Error::no_space);
  EXPECT_EQ(interrupter.wait_until(Clock::now() + 1h).error(), Error::no_space);
  interrupter.interrupt();
  EXPECT_EQ(interrupter.ready().error(), Error::closed);
}

}  // namespace
}  // namespace qeaas
