// SPDX-License-Identifier: GPL-3.0-or-later
#include <zephyr/ztest.h>

#include "schedule.hpp"

using namespace qeaas::device;

namespace {
constexpr std::uint32_t kMost = UINT32_MAX;
constexpr Pace kPace{.period_ms = 0, .interval_ms = 10000};
}  // namespace

ZTEST_SUITE(schedule, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(schedule, test_the_first_request_of_the_pool_is_served_at_once) {
  Schedule schedule(kPace);
  zassert_equal(schedule.next_ms(), 0);
  zassert_true(schedule.asked(0));
  zassert_false(schedule.due(1000000));
}

ZTEST(schedule, test_a_pool_that_asks_without_end_gets_one_round_in_an_interval) {
  Schedule schedule(kPace);
  int rounds = 0;
  for (std::int64_t now = 0; now < 60000; now += 50) {
    schedule.take_turn(now);
    if (!schedule.asked(now)) continue;
    ++rounds;
    schedule.succeeded(now, 0);
  }
  zassert_equal(rounds, 6);
}

ZTEST(schedule, test_the_turn_of_a_pool_that_asked_too_soon_is_kept_and_comes_once) {
  Schedule schedule(kPace);
  schedule.succeeded(1000, 0);
  zassert_equal(schedule.next_ms(), 0);
  zassert_false(schedule.asked(1001));
  zassert_equal(schedule.next_ms(), 11000);
  zassert_false(schedule.take_turn(10999));
  zassert_true(schedule.take_turn(11000));
  zassert_false(schedule.take_turn(11000));
  zassert_equal(schedule.next_ms(), 0);
  zassert_true(schedule.asked(11000));
}

ZTEST(schedule, test_chance_adds_up_to_half) {
  Schedule schedule(kPace);
  schedule.succeeded(0, kMost);
  zassert_false(schedule.asked(14999));
  zassert_true(schedule.asked(15000));
}

ZTEST(schedule, test_the_period_is_kept_beside_the_interval) {
  Schedule schedule({.period_ms = 1000, .interval_ms = 10000});
  schedule.restart(500, true);
  zassert_equal(schedule.next_ms(), 501);
  zassert_true(schedule.due(501));
  schedule.succeeded(501, 0);
  zassert_false(schedule.asked(502));
  zassert_equal(schedule.next_ms(), 1501);
  zassert_true(schedule.due(1501));
  zassert_false(schedule.failing());
}

ZTEST(schedule, test_a_failure_is_retried_when_a_server_is_ready_whether_the_pool_asks_or_not) {
  Schedule schedule(kPace);
  schedule.succeeded(0, 0);
  zassert_false(schedule.asked(1));
  schedule.failed(2, 700);
  zassert_true(schedule.failing());
  zassert_equal(schedule.next_ms(), 700);
  zassert_false(schedule.due(699));
  zassert_true(schedule.due(700));
  schedule.succeeded(700, 0);
  zassert_false(schedule.failing());
  zassert_equal(schedule.next_ms(), 0);
}

ZTEST(schedule, test_without_servers_only_the_period_goes_on) {
  Schedule schedule(kPace);
  schedule.failed(5, 0);
  zassert_false(schedule.failing());
  zassert_equal(schedule.next_ms(), 0);
  Schedule periodic({.period_ms = 1000, .interval_ms = 0});
  periodic.restart(0, false);
  zassert_equal(periodic.next_ms(), 0);
  periodic.failed(5, 0);
  zassert_equal(periodic.next_ms(), 1005);
}

ZTEST(schedule, test_other_servers_begin_anew) {
  Schedule schedule(kPace);
  schedule.succeeded(0, 0);
  zassert_false(schedule.asked(1));
  schedule.restart(2, true);
  zassert_equal(schedule.next_ms(), 0);
  zassert_true(schedule.asked(2));
}
