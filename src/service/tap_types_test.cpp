// SPDX-License-Identifier: GPL-3.0-or-later
// The types mixed and drbg: recomputed from what went in, and their deadlines.
#include <atomic>

#include "crypto/drbg.hpp"
#include "service/service_fixture.hpp"

namespace qeaas {
namespace {

using namespace test;
using Buffer = std::vector<std::uint8_t>;

std::atomic<int> seconds_passed{0};
std::atomic<int> os_calls{0};
std::atomic<bool> os_fails{false};

TimePoint fake_now() { return TimePoint() + std::chrono::seconds(1000 + seconds_passed.load()); }

Status fake_os(MutableBytes out) noexcept {
  if (os_fails) return fail(Error::io);
  std::fill(out.begin(), out.end(), static_cast<std::uint8_t>(0x40 + os_calls.fetch_add(1)));
  return {};
}

Buffer personal(char kind) {
  const std::string text = std::string("qeaas drbg") + kind;
  Buffer bytes(text.begin(), text.end());
  bytes.push_back(0);  // the ring
  return bytes;
}

class TapTypesTest : public ServiceTest {
 protected:
  void SetUp() override {
    seconds_passed = 0;
    os_calls = 0;
    os_fails = false;
    options.now = &fake_now;
    options.os_entropy = &fake_os;
    add("a");
  }
  static Buffer joined(const Buffer& a, const Buffer& b) {
    Buffer both = a;
    both.insert(both.end(), b.begin(), b.end());
    return both;
  }
  static void seed(HashDrbg& drbg, const Buffer& material, char kind) {
    if (drbg.seeded()) {
      ASSERT_TRUE(drbg.reseed(material));
      return;
    }
    ASSERT_TRUE(drbg.instantiate(Bytes(material).subspan(16), Bytes(material).first(16), personal(kind)));
  }
  static Buffer next(HashDrbg& drbg, std::size_t bytes) {
    Buffer out(bytes);
    EXPECT_TRUE(drbg.generate(out));
    return out;
  }
};

TEST_F(TapTypesTest, MixedIsDirectXorTheSystemsDrbg) {
  start_healthy();
  const auto blocks = worker_blocks(0);
  HashDrbg system;
  seed(system, Buffer(64, 0x40), 's');
  EXPECT_EQ(drawn(32, EntropyType::mixed), xored(blocks[0], next(system, 32)));
  EXPECT_EQ(named(), Ids{"a"});
  EXPECT_EQ(drawn(64, EntropyType::mixed), xored(joined(blocks[1], blocks[2]), next(system, 64)));
  EXPECT_EQ(os_calls, 1);
}

TEST_F(TapTypesTest, MixedLongerThanOneStepOfTheDrbg) {
  start_healthy();
  const auto blocks = worker_blocks(0);
  ASSERT_GT(blocks.size(), 20U);
  Buffer direct;
  for (std::size_t i = 0; i < 20; ++i) direct = joined(direct, blocks[i]);
  HashDrbg system;
  seed(system, Buffer(64, 0x40), 's');
  Buffer pad = next(system, 512);
  pad = joined(pad, next(system, 640 - 512));
  EXPECT_EQ(drawn(640, EntropyType::mixed), xored(direct, pad));
}

TEST_F(TapTypesTest, TheSystemsDrbgIsReseededByBytesAndByTime) {
  options.drbg_reseed_bytes = 64;
  start_healthy();
  drawn(64, EntropyType::mixed);
  EXPECT_EQ(os_calls, 1);
  drawn(1, EntropyType::mixed);
  EXPECT_EQ(os_calls, 2);
  seconds_passed = 59;
  drawn(1, EntropyType::mixed);
  EXPECT_EQ(os_calls, 2);
  seconds_passed = 60;
  drawn(1, EntropyType::mixed);
  EXPECT_EQ(os_calls, 3);
}

TEST_F(TapTypesTest, MixedFailsWithoutTheSystemAndConsumesNothing) {
  start_healthy();
  const auto before = ready_blocks(0);
  os_fails = true;
  EXPECT_EQ(failing(32, EntropyType::mixed), Error::io);
  EXPECT_EQ(ready_blocks(0), before);
}

TEST_F(TapTypesTest, MixedNeedsDirectToo) {
  start_healthy();
  drain();
  EXPECT_EQ(failing(32, EntropyType::mixed), Error::starved);
}

TEST_F(TapTypesTest, DrbgIsSeededFromDirectAndExpandsIt) {
  start_healthy();
  const auto blocks = worker_blocks(0);
  HashDrbg expected;
  seed(expected, joined(blocks[0], blocks[1]), 'd');
  EXPECT_EQ(drawn(1000, EntropyType::drbg), next(expected, 1000));
  EXPECT_EQ(drawn(kMaxDrawBytes, EntropyType::drbg), next(expected, kMaxDrawBytes));
  EXPECT_EQ(named(), Ids{"a"});
  EXPECT_EQ(service->status()[0].bits_served, 2 * kBlockBits);
  EXPECT_EQ(os_calls, 0);
}

TEST_F(TapTypesTest, DrbgIsReseededByBytes) {
  options.drbg_reseed_bytes = 100;
  start_healthy();
  const auto blocks = worker_blocks(0);
  HashDrbg expected;
  seed(expected, joined(blocks[0], blocks[1]), 'd');
  EXPECT_EQ(drawn(60, EntropyType::drbg), next(expected, 60));
  EXPECT_EQ(drawn(40, EntropyType::drbg), next(expected, 40));
  seed(expected, joined(blocks[2], blocks[3]), 'd');
  EXPECT_EQ(drawn(1, EntropyType::drbg), next(expected, 1));
}

TEST_F(TapTypesTest, DrbgIsReseededByTimeAndFailsClosedAtTheDeadline) {
  start_healthy();
  const auto blocks = worker_blocks(0);
  HashDrbg expected;
  seed(expected, joined(blocks[0], blocks[1]), 'd');
  drawn(32, EntropyType::drbg);
  next(expected, 32);
  drain();
  seconds_passed = 59;
  EXPECT_EQ(drawn(32, EntropyType::drbg), next(expected, 32));
  seconds_passed = 60;
  EXPECT_EQ(failing(32, EntropyType::drbg), Error::starved);
  scripts[0]->feed(kStartup);
  EXPECT_NE(drawn(32, EntropyType::drbg), next(expected, 32));
}

TEST_F(TapTypesTest, DrbgOutlivesAVanishedSourceOnlyUntilTheDeadline) {
  start_healthy();
  drawn(32, EntropyType::drbg);
  scripts[0]->vanish();
  ASSERT_TRUE(reaches(0, SourceState::gone));
  drawn(32, EntropyType::drbg);
  EXPECT_EQ(named(), Ids{"a"});
  seconds_passed = 60;
  EXPECT_EQ(failing(32, EntropyType::drbg), Error::starved);
}

TEST_F(TapTypesTest, AnAlarmOfASeedsSourceEndsTheSeed) {
  add("b");
  start_healthy();
  drawn(32, EntropyType::drbg);
  EXPECT_EQ(named(), (Ids{"a", "b"}));
  raise_alarm(0);
  drawn(32, EntropyType::drbg);
  EXPECT_EQ(named(), Ids{"b"});
  raise_alarm(1);
  EXPECT_EQ(failing(32, EntropyType::drbg), Error::alarmed);
}

}  // namespace
}  // namespace qeaas
