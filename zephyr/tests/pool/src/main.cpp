// SPDX-License-Identifier: GPL-3.0-or-later
// src/pool on the device: the same numbers as on the host. Expected values were computed by Python's hashlib, from pool.hpp's description.
#include <zephyr/ztest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "pool/pool.hpp"

namespace {

template <std::size_t N>
std::array<std::uint8_t, N> entropy(std::uint8_t begin) {
  std::array<std::uint8_t, N> bytes;
  for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::uint8_t>(begin + 7 * i);
  return bytes;
}

template <std::size_t N>
std::array<std::uint8_t, N> from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  return bytes;
}

}  // namespace

ZTEST_SUITE(pool, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(pool, test_blake2s_is_that_of_rfc_7693) {
  const std::array<std::uint8_t, 3> abc{'a', 'b', 'c'};
  std::array<std::uint8_t, 32> digest;
  qeaas::Blake2s().update(abc).finish(digest);
  const auto expected = from_hex<32>("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  zassert_true(digest == expected);
}

ZTEST(pool, test_outputs_are_those_of_the_host) {
  static qeaas::EntropyPool pool;
  pool.mix(entropy<100>(3));
  pool.add(entropy<32>(1), 256);
  std::array<std::uint8_t, 40> first;
  zassert_true(pool.extract(first));
  const auto expected_first = from_hex<40>("93f429bdfc9bb32f89d15b75dde9736e3e788b8205bfb7cfc1245484d6c9d7f33275d4d57679f66a");
  zassert_true(first == expected_first);
  pool.add(entropy<200>(9), 256);
  std::array<std::uint8_t, 33> second;
  zassert_true(pool.extract(second));
  const auto expected_second = from_hex<33>("7bccaeb5821477d478884ad1a00a527d8f326b41439836ec18084a6e730205a6f2");
  zassert_true(second == expected_second);
}

ZTEST(pool, test_nothing_comes_out_before_256_bits_are_in) {
  static qeaas::EntropyPool pool;
  std::array<std::uint8_t, 16> out{1, 2, 3};
  pool.add(entropy<200>(5), 255);
  zassert_false(pool.extract(out));
  zassert_true(std::all_of(out.begin(), out.end(), [](auto byte) { return byte == 0; }));
  pool.credit(1);
  zassert_true(pool.extract(out));
}
