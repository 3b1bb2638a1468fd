// SPDX-License-Identifier: GPL-3.0-or-later
#include <zephyr/ztest.h>

#include "back_off.hpp"

using namespace qeaas::device;

namespace {
constexpr std::uint32_t kMost = UINT32_MAX;
constexpr BackOffPolicy kPolicy{.first_ms = 1000, .longest_ms = 60000};
}  // namespace

ZTEST_SUITE(back_off, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(back_off, test_the_step_doubles_up_to_the_longest) {
  BackOff least{kPolicy};
  BackOff most{kPolicy};
  const std::uint32_t steps[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
  for (const auto step : steps) {
    zassert_equal(least.next_ms(0), step / 2);
    zassert_equal(most.next_ms(kMost), step);
  }
  zassert_equal(most.failures(), 9);
}

ZTEST(back_off, test_chance_spreads_the_wait) {
  BackOff one{kPolicy};
  BackOff other{kPolicy};
  zassert_equal(one.next_ms(1U << 31), 750);
  zassert_equal(other.next_ms(3U << 30), 875);
}

ZTEST(back_off, test_a_success_begins_anew) {
  BackOff back_off{kPolicy};
  for (int i = 0; i < 5; ++i) back_off.next_ms(0);
  back_off.reset();
  zassert_equal(back_off.failures(), 0);
  zassert_equal(back_off.next_ms(0), 500);
}

ZTEST(back_off, test_extreme_policies_neither_overflow_nor_hang) {
  BackOff largest{{.first_ms = 1, .longest_ms = kMost}};
  std::uint32_t wait = 0;
  for (int i = 0; i < 40; ++i) wait = largest.next_ms(kMost);
  zassert_equal(wait, kMost);
  BackOff inverted{{.first_ms = 5000, .longest_ms = 100}};
  zassert_equal(inverted.next_ms(kMost), 100);
  BackOff nothing{{.first_ms = 0, .longest_ms = 100}};
  zassert_equal(nothing.next_ms(kMost), 0);
  zassert_equal(nothing.next_ms(kMost), 0);
}

ZTEST(back_off, test_retransmission_follows_rfc_7252) {
  Retransmission least{{}, 0};
  zassert_equal(least.timeout_ms(), 2000);
  Retransmission most{{}, kMost};
  zassert_equal(most.timeout_ms(), 3000);
  std::uint32_t expected = 3000;
  for (int i = 0; i < 4; ++i) {
    zassert_true(most.again());
    expected *= 2;
    zassert_equal(most.timeout_ms(), expected);
  }
  zassert_false(most.again());
  zassert_equal(most.timeout_ms(), expected);
}

ZTEST(back_off, test_retransmission_without_chance_or_repetition) {
  Retransmission once{{.ack_timeout_ms = 500, .random_percent = 100, .repetitions = 0}, kMost};
  zassert_equal(once.timeout_ms(), 500);
  zassert_false(once.again());
}
