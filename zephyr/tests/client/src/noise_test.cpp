// SPDX-License-Identifier: GPL-3.0-or-later
// The check of the sample's radio noise.
#include <zephyr/ztest.h>

#include "noise_check.hpp"

using namespace sample;

namespace {

using Noise = std::array<std::uint8_t, kNoiseBytes>;

Noise different() {
  Noise noise;
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::uint8_t>(37 * i + 11);
  return noise;
}

}  // namespace

ZTEST_SUITE(noise, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(noise, test_bytes_that_differ_pass) { zassert_true(is_alive(different())); }

ZTEST(noise, test_a_generator_that_is_stuck_fails) {
  Noise noise{};
  zassert_false(is_alive(noise));
  noise.fill(0xff);
  zassert_false(is_alive(noise));
}

ZTEST(noise, test_a_run_anywhere_fails_and_a_shorter_one_passes) {
  for (std::size_t at = 0; at + kRepetitions <= kNoiseBytes; ++at) {
    auto noise = different();
    for (std::size_t i = 0; i + 1 < kRepetitions; ++i) noise[at + i] = 0;
    zassert_true(is_alive(noise), "%zu", at);
    noise[at + kRepetitions - 1] = 0;
    zassert_false(is_alive(noise), "%zu", at);
  }
}

ZTEST(noise, test_one_byte_too_often_fails) {
  auto noise = different();
  for (std::size_t i = 0; i + 1 < kProportion; ++i) noise[3 * i] = 0;
  zassert_true(is_alive(noise));
  noise[63] = 0;
  zassert_false(is_alive(noise));
}
