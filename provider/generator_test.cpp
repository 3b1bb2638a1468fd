// SPDX-License-Identifier: GPL-3.0-or-later
// Contexts over a supply that counts: what is drawn when, what is mixed, what a fork leaves.
#include "generator.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <numeric>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "fake_supply.hpp"

namespace qeaas::provider {
namespace {

using Buffer = std::vector<std::uint8_t>;

struct GeneratorTest : testing::Test {
  test::Script script;
  Settings settings;
  std::unique_ptr<Feed> feed;

  Feed& made() {
    if (!feed) feed = std::make_unique<Feed>(settings, std::make_unique<test::FakeSupply>(script));
    return *feed;
  }
  std::unique_ptr<Generator> generator(Use use = Use::random) {
    auto context = std::make_unique<Generator>(made(), use);
    EXPECT_TRUE(context->instantiate(256, false, {}));
    return context;
  }
};

Buffer drawn(Generator& generator, std::size_t size, bool fresh = false, Bytes additional = {}) {
  Buffer out(size, 0xee);
  const auto done = generator.generate(out, 256, fresh, additional);
  EXPECT_TRUE(done) << (done ? "" : done.error().text);
  return out;
}

bool all_zero(const Buffer& bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

TEST_F(GeneratorTest, ShortDrawsShareOneFetchAndNoByteIsGivenTwice) {
  auto context = generator();
  Buffer all;
  for (int i = 0; i < 128; ++i) {
    const auto part = drawn(*context, 32);
    all.insert(all.end(), part.begin(), part.end());
  }
  EXPECT_EQ(script.fetches, 1U);
  EXPECT_EQ(script.bytes, 4096U);
  std::vector<std::uint64_t> numbers(512);
  std::memcpy(numbers.data(), all.data(), all.size());
  std::vector<std::uint64_t> expected(512);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(numbers, expected);
  EXPECT_EQ(context->given_bytes(), 4096U);
  EXPECT_EQ(feed->account().random_bytes, 4096U);
}

TEST_F(GeneratorTest, ADrawAcrossTheEndOfTheBufferIsWhole) {
  auto context = generator();
  drawn(*context, 2000);
  drawn(*context, 2000);
  EXPECT_EQ(script.fetches, 1U);
  const auto out = drawn(*context, 200);
  EXPECT_EQ(script.fetches, 2U);
  std::uint64_t number = 0;
  std::memcpy(&number, out.data() + 96, sizeof(number));
  EXPECT_EQ(number, 513U);
}

TEST_F(GeneratorTest, LongDrawsAndNoBufferGoStraightThrough) {
  auto context = generator();
  EXPECT_FALSE(all_zero(drawn(*context, 65536)));
  EXPECT_EQ(script.bytes, 65536U);
  settings.buffer_bytes = 0;
  feed.reset();
  auto plain = generator();
  drawn(*plain, 32);
  drawn(*plain, 32);
  EXPECT_EQ(script.fetches, 3U);
  EXPECT_EQ(script.bytes, 65536U + 64U);
}

TEST_F(GeneratorTest, EverySeedIsDrawnWhenItIsAskedFor) {
  auto context = generator(Use::seed);
  drawn(*context, 48);
  drawn(*context, 32, false, Buffer(8, 1));  // the additional input of a seed is the DRBG's own business
  EXPECT_EQ(script.fetches, 2U);
  EXPECT_EQ(script.bytes, 80U);
  EXPECT_EQ(feed->account().seed_bytes, 80U);
}

TEST_F(GeneratorTest, PredictionResistanceAndReseedThrowAwayWhatWasReadAhead) {
  auto context = generator();
  drawn(*context, 32);
  const auto fresh = drawn(*context, 32, true);
  EXPECT_EQ(script.fetches, 2U);
  std::uint64_t number = 0;
  std::memcpy(&number, fresh.data(), sizeof(number));
  EXPECT_EQ(number, 513U);
  ASSERT_TRUE(context->reseed({}, {}));
  EXPECT_EQ(context->reseeds(), 2U);
  drawn(*context, 32);
  EXPECT_EQ(script.fetches, 3U);
}

TEST_F(GeneratorTest, AdditionalInputIsAddedToTheBytesOfTheServiceAndNeverReplacesThem) {
  auto plain = generator();
  const auto bare = drawn(*plain, 32);
  script.next = 1;
  auto context = generator();
  const auto mixed = drawn(*context, 32, false, Buffer{'a'});
  EXPECT_NE(mixed, bare);
  EXPECT_EQ(script.fetches, 3U);                      // the second generator's buffer, and 48 bytes for its Hash_DRBG
  EXPECT_NE(drawn(*context, 32), drawn(*plain, 32));  // it stays mixed
  script.next = 1;
  auto other = generator();
  EXPECT_NE(drawn(*other, 32, false, Buffer{'b'}), mixed);
  auto personal = std::make_unique<Generator>(*feed, Use::random);
  script.next = 1;
  ASSERT_TRUE(personal->instantiate(0, false, Buffer{'c'}));
  EXPECT_NE(drawn(*personal, 32), bare);
}

TEST_F(GeneratorTest, WhatIsRefusedLeavesZerosAndGoesOnLater) {
  auto context = generator();
  script.failure = Fault{Error::starved, "empty"};
  Buffer out(32, 0xee);
  const auto refused = context->generate(out, 256, false, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error, Error::starved);
  EXPECT_TRUE(all_zero(out));
  EXPECT_TRUE(context->zeroized());
  EXPECT_EQ(feed->account().failures, 1U);
  EXPECT_EQ(feed->account().fall_backs, 0U);
  script.failure.reset();
  EXPECT_FALSE(all_zero(drawn(*context, 32)));
}

TEST_F(GeneratorTest, LimitsAreKept) {
  auto context = generator();
  Buffer out(65537, 0xee);
  EXPECT_EQ(context->generate(out, 256, false, {}).error().error, Error::too_large);
  EXPECT_TRUE(all_zero(out));
  Buffer small(32);
  EXPECT_EQ(context->generate(small, 257, false, {}).error().error, Error::out_of_range);
  EXPECT_EQ(context->generate(small, 0, false, out).error().error, Error::too_large);
  Generator fresh(*feed, Use::random);
  EXPECT_EQ(fresh.generate(small, 0, false, {}).error().error, Error::refused);
  EXPECT_EQ(fresh.state(), State::uninitialised);
  EXPECT_FALSE(fresh.instantiate(257, false, {}));
  EXPECT_EQ(fresh.state(), State::error);
  EXPECT_EQ(script.fetches, 0U);
}

TEST_F(GeneratorTest, InstantiatingNeverNeedsTheService) {
  script.failure = Fault{Error::not_found, "gone"};
  Generator context(made(), Use::seed);
  EXPECT_TRUE(context.instantiate(256, false, Buffer{'x'}));
  EXPECT_EQ(context.state(), State::ready);
}

TEST_F(GeneratorTest, UninstantiatingLeavesNothing) {
  auto context = generator();
  drawn(*context, 32, false, Buffer{'a'});
  EXPECT_FALSE(context->zeroized());
  context->uninstantiate();
  EXPECT_TRUE(context->zeroized());
  EXPECT_EQ(context->state(), State::uninitialised);
}

TEST_F(GeneratorTest, TheFallBackIsCountedAndOnlyWhereItIsAllowed) {
  settings.fall_back = true;
  auto context = generator();
  script.failure = Fault{Error::not_found, "no socket"};
  EXPECT_FALSE(all_zero(drawn(*context, 32)));
  EXPECT_EQ(feed->account().fall_backs, 1U);
  EXPECT_EQ(feed->account().fall_back_bytes, 4096U);
  EXPECT_EQ(feed->account().fetched_bytes, 0U);
  EXPECT_EQ(feed->last_fault(), "no socket");
}

TEST_F(GeneratorTest, WrongSettingsGiveNothingEvenWithAFallBack) {
  Feed broken(fault(Error::unknown, "fallbak: no such key"));
  Generator context(broken, Use::seed);
  ASSERT_TRUE(context.instantiate(0, false, {}));
  Buffer out(32, 0xee);
  EXPECT_EQ(context.generate(out, 0, false, {}).error().text, "fallbak: no such key");
  EXPECT_TRUE(all_zero(out));
  EXPECT_EQ(broken.last_fault(), "fallbak: no such key");
}

TEST_F(GeneratorTest, AfterATimeOutNobodyWaitsAgainAtOnce) {
  auto context = generator(Use::seed);
  script.failure = Fault{Error::timeout, "slow"};
  Buffer out(32);
  EXPECT_EQ(context->generate(out, 0, false, {}).error().text, "slow");
  script.failure.reset();
  EXPECT_EQ(context->generate(out, 0, false, {}).error().error, Error::timeout);
  EXPECT_EQ(script.fetches, 0U);
}

// What the child of a fork draws is not what the parent draws, though both had the same bytes read ahead.
TEST_F(GeneratorTest, AForkedChildHasNothingThatWasReadAhead) {
  auto context = generator();
  drawn(*context, 32);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto child = ::fork();
  if (child == 0) {
    script.next = 1'000'000;  // a supply of its own, as the child's connection is
    std::array<std::uint8_t, 40> out{};
    const bool done = context->generate(MutableBytes(out).first(32), 0, false, {}).has_value();
    out[32] = done && script.children == 1 && feed->account().random_bytes == 32 ? 1 : 0;
    ::_exit(::write(ends[1], out.data(), out.size()) == 40 ? 0 : 1);
  }
  Buffer from_child(40);
  ASSERT_EQ(::read(ends[0], from_child.data(), 40), 40);
  ::waitpid(child, nullptr, 0);
  std::uint64_t number = 0;
  std::memcpy(&number, from_child.data(), sizeof(number));
  EXPECT_EQ(number, 1'000'000U);
  EXPECT_EQ(from_child[32], 1);
  std::memcpy(&number, drawn(*context, 32).data(), sizeof(number));
  EXPECT_EQ(number, 5U);
  EXPECT_EQ(script.children, 0U);
}

TEST_F(GeneratorTest, ContextsOfManyThreadsNeverShareAByte) {
  constexpr std::size_t kThreads = 8;
  made();
  std::array<std::vector<std::uint64_t>, kThreads> numbers;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : numbers)
      threads.emplace_back([&] {
        auto context = generator();
        for (int i = 0; i < 2000; ++i) {
          const auto out = drawn(*context, 16);
          mine.resize(mine.size() + 2);
          std::memcpy(&mine[mine.size() - 2], out.data(), 16);
        }
      });
  }
  std::vector<std::uint64_t> all;
  for (const auto& mine : numbers) all.insert(all.end(), mine.begin(), mine.end());
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
  EXPECT_EQ(feed->account().random_bytes, all.size() * 8);
}

TEST_F(GeneratorTest, OneContextServesManyThreadsBehindItsLock) {
  auto context = generator();
  context->enable_locking();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        context->lock();
        drawn(*context, 8);
        context->unlock();
      }
    });
  threads.clear();
  EXPECT_EQ(context->given_bytes(), 32000U);
}

}  // namespace
}  // namespace qeaas::provider
