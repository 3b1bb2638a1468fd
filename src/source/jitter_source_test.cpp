// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/jitter_source.hpp"

#include <array>
#include <cstring>
#include <gtest/gtest.h>

namespace qeaas {
namespace {

// A library whose every call can be told to fail. The collector is never looked into.
struct Script {
  int initialise = 0;
  bool allocate = true;
  ssize_t read = 0;  // 0: succeed
  bool take_collector = false;
  int released = 0;
};
Script script;
int collector_object = 0;
rand_data* the_collector() noexcept { return reinterpret_cast<rand_data*>(&collector_object); }

constexpr JitterLibrary kScripted{.initialise = +[]() noexcept { return script.initialise; },
                                  .allocate = +[]() noexcept { return script.allocate ? the_collector() : nullptr; },
                                  .read = +[](rand_data** collector, char* data, std::size_t size) noexcept -> ssize_t {
                                    if (script.take_collector) *collector = nullptr;
                                    if (script.read != 0) return script.read;
                                    std::memset(data, 0x5A, size);
                                    return static_cast<ssize_t>(size);
                                  },
                                  .release = +[](rand_data*) noexcept { ++script.released; }};

class JitterTest : public testing::Test {
 protected:
  void SetUp() override { script = {}; }
  std::unique_ptr<Source> source_ = make_jitter_source("jitter", std::nullopt, kScripted);
  std::array<std::uint8_t, 100> samples_{};
};

TEST_F(JitterTest, FillsAndReleases) {
  ASSERT_TRUE(source_->open());
  ASSERT_TRUE(source_->read(samples_));
  EXPECT_EQ(samples_.back(), 0x5A);
  source_->close();
  source_->close();
  EXPECT_EQ(script.released, 1);
  EXPECT_EQ(source_->read(samples_).error(), Error::source_gone) << "closed";
}

TEST_F(JitterTest, StatesItself) {
  EXPECT_EQ(source_->info().tag.kind, SourceKind::physical);
  EXPECT_TRUE(source_->info().tag.conditioned);
  EXPECT_EQ(source_->info().per_sample, MinEntropy::from_whole_bits(4));
}

TEST_F(JitterTest, EveryStartFailureHasWords) {
  constexpr std::array<int, 5> kUnfit{1, 2, 6, 8, 10};
  for (const int code : kUnfit) EXPECT_EQ(jitter_fault(code).error, Error::unsupported) << code;
  EXPECT_EQ(jitter_fault(11).error, Error::crypto);
  EXPECT_EQ(jitter_fault(12).error, Error::no_space);
  EXPECT_NE(jitter_fault(99).text.find("unknown failure"), std::string::npos);
  EXPECT_NE(jitter_fault(-1).text.find("code -1"), std::string::npos);
  script.initialise = 2;
  const auto opened = source_->open();
  EXPECT_EQ(opened.error().error, Error::unsupported);
  EXPECT_NE(opened.error().text.find("too coarse"), std::string::npos);
}

TEST_F(JitterTest, NoMemory) {
  script.allocate = false;
  EXPECT_EQ(source_->open().error().error, Error::no_space);
}

TEST_F(JitterTest, HealthFailureIsGoneAndCanStartAnew) {
  ASSERT_TRUE(source_->open());
  script.read = -3;
  EXPECT_EQ(source_->read(samples_).error(), Error::source_gone);
  script.read = -1;
  script.take_collector = true;
  EXPECT_EQ(source_->read(samples_).error(), Error::source_gone);
  EXPECT_EQ(source_->read(samples_).error(), Error::source_gone) << "the library took its collector away";
  script = {};
  ASSERT_TRUE(source_->open());
  EXPECT_TRUE(source_->read(samples_));
}

TEST_F(JitterTest, Interrupt) {
  ASSERT_TRUE(source_->open());
  source_->interrupt();
  EXPECT_EQ(source_->read(samples_).error(), Error::closed);
  EXPECT_EQ(source_->open().error().error, Error::closed);
}

TEST(JitterOnThisMachine, GivesBytesOrSaysWhyNot) {
  auto source = make_jitter_source("jitter");
  const auto opened = source->open();
  if (!opened) {
    EXPECT_NE(opened.error().text.find("jitter"), std::string::npos);
    GTEST_SKIP() << opened.error().text;
  }
  std::array<std::uint8_t, 64> first{};
  std::array<std::uint8_t, 64> second{};
  ASSERT_TRUE(source->read(first));
  ASSERT_TRUE(source->read(second));
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace qeaas
