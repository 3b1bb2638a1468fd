// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/secret.hpp"

#include <gtest/gtest.h>
#include <new>
#include <type_traits>

namespace qeaas {

static_assert(!std::is_copy_constructible_v<Secret<32>> && !std::is_copy_assignable_v<Secret<32>>);
static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

TEST(Secret, IsWipedWhenItEnds) {
  alignas(Secret<32>) std::array<std::uint8_t, sizeof(Secret<32>)> room{};
  auto* secret = new (room.data()) Secret<32>();
  std::fill(secret->span().begin(), secret->span().end(), std::uint8_t{0xA5});
  EXPECT_FALSE(all_zero(room));
  secret->~Secret();
  EXPECT_TRUE(all_zero(room));
}

TEST(Secret, MoveLeavesNothingBehind) {
  Secret<16> from;
  std::fill(from.span().begin(), from.span().end(), std::uint8_t{7});
  const Secret<16> to(std::move(from));
  EXPECT_TRUE(all_zero(from.span()));  // NOLINT(bugprone-use-after-move): this is what is tested
  EXPECT_EQ(to.span()[15], 7);
}

TEST(SecretBytes, ShrinkWipesTheRest) {
  SecretBytes bytes(8);
  std::fill(bytes.span().begin(), bytes.span().end(), std::uint8_t{9});
  const Bytes whole = bytes.span();
  bytes.shrink(3);
  EXPECT_EQ(bytes.size(), 3U);
  EXPECT_EQ(whole[2], 9);
  EXPECT_TRUE(all_zero(whole.subspan(3)));
}

TEST(Secret, ConstantTimeComparison) {
  const std::array<std::uint8_t, 3> a{1, 2, 3};
  const std::array<std::uint8_t, 3> b{1, 2, 4};
  EXPECT_TRUE(equal_in_constant_time(a, a));
  EXPECT_FALSE(equal_in_constant_time(a, b));
  EXPECT_FALSE(equal_in_constant_time(a, Bytes(b).first(2)));
}

}  // namespace qeaas
