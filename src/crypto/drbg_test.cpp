// SPDX-License-Identifier: GPL-3.0-or-later
// Hash_DRBG against published known answers (vectors/drbg), its limits, and what is left of it in memory.
#include "crypto/drbg.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "base/hex.hpp"
#include "crypto/hash.hpp"

namespace qeaas {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer column(std::istream& line) {
  std::string text;
  line >> text;
  return text == "-" ? Buffer() : from_hex(text).value();
}

TEST(HashDrbg, PublishedVectors) {
  std::ifstream file(QEAAS_SOURCE_DIR "/vectors/drbg/hash_drbg_sha256.txt");
  std::string text;
  int cases = 0;
  while (std::getline(file, text)) {
    if (text.empty() || text.front() == '#') continue;
    std::istringstream line(text);
    std::vector<Buffer> field;
    while (field.size() < 8) field.push_back(column(line));
    HashDrbg drbg;
    ASSERT_TRUE(drbg.instantiate(field[0], field[1], field[2]));
    if (!field[3].empty()) {
      ASSERT_TRUE(drbg.reseed(field[3], field[4]));
    }
    Buffer out(field[7].size());
    ASSERT_TRUE(drbg.generate(out, field[5]));
    ASSERT_TRUE(drbg.generate(out, field[6]));
    EXPECT_EQ(out, field[7]) << "case " << cases;
    ++cases;
  }
  EXPECT_EQ(cases, 8);
}

struct Seeded {
  Buffer entropy = Buffer(32, 7);
  Buffer nonce = Buffer(16, 9);
};

TEST(HashDrbg, GivesNothingBeforeASeed) {
  HashDrbg drbg;
  Buffer out(32, 0xee);
  EXPECT_FALSE(drbg.seeded());
  EXPECT_EQ(drbg.generate(out).error(), Error::starved);
  EXPECT_EQ(out, Buffer(32, 0));
  EXPECT_EQ(drbg.reseed(Seeded().entropy).error(), Error::starved);
}

TEST(HashDrbg, RefusesTooLittleEntropyAndTooShortNonces) {
  const Seeded seed;
  HashDrbg drbg;
  EXPECT_EQ(drbg.instantiate(Bytes(seed.entropy).first(31), seed.nonce).error(), Error::out_of_range);
  EXPECT_EQ(drbg.instantiate(seed.entropy, Bytes(seed.nonce).first(15)).error(), Error::out_of_range);
  EXPECT_FALSE(drbg.seeded());
  ASSERT_TRUE(drbg.instantiate(seed.entropy, seed.nonce));
  EXPECT_EQ(drbg.reseed(Bytes(seed.entropy).first(31)).error(), Error::out_of_range);
}

TEST(HashDrbg, RefusesTooMuch) {
  const Seeded seed;
  const Buffer large(HashDrbg::kMaxInputBytes + 1);
  HashDrbg drbg;
  EXPECT_EQ(drbg.instantiate(seed.entropy, seed.nonce, large).error(), Error::too_large);
  ASSERT_TRUE(drbg.instantiate(seed.entropy, seed.nonce));
  EXPECT_EQ(drbg.reseed(seed.entropy, large).error(), Error::too_large);
  Buffer out(HashDrbg::kMaxRequestBytes + 1, 0xee);
  EXPECT_EQ(drbg.generate(out).error(), Error::too_large);
  EXPECT_EQ(out, Buffer(out.size(), 0));
  out.resize(HashDrbg::kMaxRequestBytes);
  EXPECT_EQ(drbg.generate(out, large).error(), Error::too_large);
  EXPECT_TRUE(drbg.generate(out));
  EXPECT_NE(out, Buffer(out.size(), 0));
}

TEST(HashDrbg, StarvesWhenTheReseedIntervalIsUsedUp) {
  const Seeded seed;
  HashDrbg drbg(2);
  ASSERT_TRUE(drbg.instantiate(seed.entropy, seed.nonce));
  Buffer out(8);
  EXPECT_TRUE(drbg.generate(out));
  EXPECT_TRUE(drbg.generate(out));
  out.assign(8, 0xee);
  EXPECT_EQ(drbg.generate(out).error(), Error::starved);
  EXPECT_EQ(out, Buffer(8, 0));
  ASSERT_TRUE(drbg.reseed(seed.entropy));
  EXPECT_TRUE(drbg.generate(out));
}

TEST(HashDrbg, ForgetsItsState) {
  const Seeded seed;
  alignas(HashDrbg) std::array<std::uint8_t, sizeof(HashDrbg)> memory{};
  auto* drbg = new (memory.data()) HashDrbg;
  ASSERT_TRUE(drbg->instantiate(seed.entropy, seed.nonce));
  const auto live = std::count_if(memory.begin(), memory.begin() + 2 * HashDrbg::kSeedLengthBytes, [](auto byte) { return byte != 0; });
  EXPECT_GT(live, 80);  // V and C are there before
  drbg->forget();
  EXPECT_FALSE(drbg->seeded());
  const auto left = std::count_if(memory.begin(), memory.begin() + 2 * HashDrbg::kSeedLengthBytes, [](auto byte) { return byte != 0; });
  EXPECT_EQ(left, 0);
  drbg->~HashDrbg();
}

// Reference is 10.1.1.4 as it is written, byte by byte, from a given V and C.
struct Reference {
  static void add(Buffer& sum, Bytes number) {
    unsigned carry = 0;
    for (std::size_t i = 1; i <= sum.size(); ++i) {
      carry += sum[sum.size() - i] + (i <= number.size() ? number[number.size() - i] : 0U);
      sum[sum.size() - i] = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
  }
  Buffer generate(std::size_t size) {
    const Buffer one{1};
    Buffer out;
    for (Buffer data = v; out.size() < size; add(data, one)) {
      const auto block = sha256(data);
      out.insert(out.end(), block.begin(), block.end());
    }
    out.resize(size);
    Buffer prefixed{3};
    prefixed.insert(prefixed.end(), v.begin(), v.end());
    add(v, sha256(prefixed));
    add(v, c);
    add(v, Buffer{static_cast<std::uint8_t>(counter >> 8), static_cast<std::uint8_t>(counter)});
    ++counter;
    return out;
  }
  Buffer v;
  Buffer c;
  unsigned counter = 1;
};

// The values of V and C are such that carries run through the whole of them, which chance would never bring.
TEST(HashDrbg, CarriesAsTheStandardSays) {
  const Seeded seed;
  constexpr auto kSize = HashDrbg::kSeedLengthBytes;
  for (const int low : {0xff, 0xfd, 0x00}) {
    alignas(HashDrbg) std::array<std::uint8_t, sizeof(HashDrbg)> memory{};
    auto* drbg = new (memory.data()) HashDrbg;
    ASSERT_TRUE(drbg->instantiate(seed.entropy, seed.nonce));
    std::fill_n(memory.begin(), 2 * kSize, low == 0 ? std::uint8_t{0} : std::uint8_t{0xff});
    memory[kSize - 1] = static_cast<std::uint8_t>(low);
    Reference reference{Buffer(memory.begin(), memory.begin() + kSize), Buffer(memory.begin() + kSize, memory.begin() + 2 * kSize)};
    for (std::size_t size = 1; size <= 400; size += 13) {
      Buffer out(size);
      ASSERT_TRUE(drbg->generate(out));
      ASSERT_EQ(out, reference.generate(size)) << size << " bytes, V ends in " << low;
    }
    drbg->~HashDrbg();
  }
}

}  // namespace
}  // namespace qeaas
