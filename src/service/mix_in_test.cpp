// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes from outside: what the pool becomes, that nothing cancels, and which generators hear of them.
#include "service/mix_in.hpp"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "crypto/hash.hpp"
#include "service/service_fixture.hpp"

namespace qeaas {
namespace {

using namespace test;
using Buffer = std::vector<std::uint8_t>;

Buffer text(std::string_view words) { return {words.begin(), words.end()}; }

Buffer digest_of(std::uint8_t number, const Buffer& bytes) {
  Buffer input = text("qeaas mix-in v1");
  input.insert(input.end(), {0, 0, 0, 0, 0, 0, 0, number});
  input.insert(input.end(), bytes.begin(), bytes.end());
  const auto digest = sha256(input);
  return {digest.begin(), digest.end()};
}

Buffer xored(Buffer a, const Buffer& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] ^= b[i];
  return a;
}

struct Reader {
  std::uint64_t seen = 0;
  std::array<std::uint8_t, MixIn::kBytes> pool{};
  bool read(const MixIn& mix) { return mix.read(seen, pool); }
  Buffer bytes() const { return {pool.begin(), pool.end()}; }
};

TEST(MixIn, IsTheXorOfNumberedDigests) {
  MixIn mix;
  Reader one;
  EXPECT_FALSE(one.read(mix));
  mix.add({});
  EXPECT_FALSE(one.read(mix));
  mix.add(text("hello"));
  ASSERT_TRUE(one.read(mix));
  EXPECT_EQ(one.bytes(), digest_of(0, text("hello")));
  EXPECT_FALSE(one.read(mix));
  mix.add(text("x"));
  ASSERT_TRUE(one.read(mix));
  EXPECT_EQ(one.bytes(), xored(digest_of(0, text("hello")), digest_of(1, text("x"))));
}

TEST(MixIn, RepeatingWhatAnotherSentCancelsNothing) {
  MixIn mix;
  mix.add(text("secret"));
  mix.add(text("secret"));
  Reader reader;
  ASSERT_TRUE(reader.read(mix));
  EXPECT_EQ(reader.bytes(), xored(digest_of(0, text("secret")), digest_of(1, text("secret"))));
  EXPECT_NE(reader.bytes(), Buffer(MixIn::kBytes, 0));
}

TEST(MixIn, EveryReaderSeesIt) {
  MixIn mix;
  Reader one, two;
  mix.add(text("a"));
  ASSERT_TRUE(one.read(mix));
  ASSERT_TRUE(two.read(mix));
  EXPECT_EQ(one.bytes(), two.bytes());
}

TEST(MixIn, NothingThatSeveralThreadsAddIsLost) {
  MixIn mix;
  constexpr int kThreads = 4, kCalls = 50;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&mix] {
      for (int call = 0; call < kCalls; ++call) mix.add(text("same"));
    });
  for (auto& thread : threads) thread.join();
  Buffer expected(MixIn::kBytes, 0);
  for (int number = 0; number < kThreads * kCalls; ++number)
    expected = xored(expected, digest_of(static_cast<std::uint8_t>(number), text("same")));
  Reader reader;
  ASSERT_TRUE(reader.read(mix));
  EXPECT_EQ(reader.bytes(), expected);
}

Status fixed_os(MutableBytes out) noexcept {
  std::fill(out.begin(), out.end(), std::uint8_t{0x40});
  return {};
}

class MixInService : public ServiceTest {
 protected:
  void SetUp() override {
    options.os_entropy = &fixed_os;
    add("a");
    start_healthy();
    blocks = worker_blocks(0);
    Buffer personal = text("qeaas drbgs");
    personal.push_back(0);
    EXPECT_TRUE(system.instantiate(Buffer(48, 0x40), Buffer(16, 0x40), personal));
  }
  Buffer next(std::size_t bytes, const Buffer& additional = {}) {
    Buffer out(bytes);
    EXPECT_TRUE(system.generate(out, additional));
    return out;
  }
  std::vector<Buffer> blocks;
  HashDrbg system;
};

TEST_F(MixInService, ItIsAdditionalInputOfTheNextMixedDrawOnly) {
  EXPECT_EQ(drawn(32, EntropyType::mixed), xored(blocks[0], next(32)));
  service->mix_in(text("from outside"));
  EXPECT_EQ(drawn(32, EntropyType::mixed), xored(blocks[1], next(32, digest_of(0, text("from outside")))));
  EXPECT_EQ(drawn(32, EntropyType::mixed), xored(blocks[2], next(32)));
}

TEST_F(MixInService, ADrawThatFailsDoesNotUseItUp) {
  service->mix_in(text("kept"));
  drain();
  EXPECT_EQ(failing(32, EntropyType::mixed), Error::starved);
  scripts[0]->feed(kStartup);
  const auto direct_and_pad = drawn(32, EntropyType::mixed);
  const auto pad = next(32, digest_of(0, text("kept")));
  const auto direct = xored(direct_and_pad, pad);
  const auto legal = worker_blocks(0);
  EXPECT_NE(std::find(legal.begin(), legal.end(), direct), legal.end());
}

TEST_F(MixInService, DirectNeverHearsOfIt) {
  service->mix_in(text("outside"));
  EXPECT_EQ(drawn(32), blocks[0]);
}

TEST_F(MixInService, SeedsOfTheChannelsHearOfIt) {
  Buffer plain(32), mixed_in(32);
  ASSERT_TRUE(service->seed_entropy(plain));
  service->mix_in(text("outside"));
  ASSERT_TRUE(service->seed_entropy(mixed_in));
  // The same seeder, recomputed: seeded by the first two blocks of the seed reservoir, then 32 bytes of the system for each request.
  const auto legal = oracle(*scripts[0]);
  Buffer material(legal.blocks[1].begin(), legal.blocks[1].end());
  material.insert(material.end(), legal.blocks[3].begin(), legal.blocks[3].end());
  HashDrbg expected;
  ASSERT_TRUE(expected.instantiate(Bytes(material).first(32), Bytes(material).subspan(32, 16)));
  Buffer out(32);
  Buffer additional(32, 0x40);
  ASSERT_TRUE(expected.generate(out, additional));
  EXPECT_EQ(plain, out);
  const auto digest = digest_of(0, text("outside"));
  additional.insert(additional.end(), digest.begin(), digest.end());
  ASSERT_TRUE(expected.generate(out, additional));
  EXPECT_EQ(mixed_in, out);
}

TEST_F(MixInService, ReadyBlocksIsWhatADirectDrawCouldHave) {
  const auto ready = service->tap(0).ready_blocks();
  ASSERT_EQ(ready, blocks.size());
  drawn(ready * kBlockBytes);
  EXPECT_EQ(service->tap(0).ready_blocks(), 0U);
  EXPECT_EQ(failing(1), Error::starved);
}

TEST_F(MixInService, NothingIsReadyWithTooFewHealthySources) {
  EXPECT_GT(service->tap(0).ready_blocks(), 0U);
  raise_alarm(0);
  EXPECT_EQ(service->tap(0).ready_blocks(), 0U);
}

}  // namespace
}  // namespace qeaas
