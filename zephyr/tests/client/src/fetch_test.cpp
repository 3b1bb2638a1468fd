// SPDX-License-Identifier: GPL-3.0-or-later
#include "fetch.hpp"

#include "scripted_link.hpp"

using namespace test;

namespace {

std::uint32_t no_chance() { return 0; }

struct Fixture {
  ScriptedLink link;
  std::array<std::uint8_t, 16 + kAnswerOverhead> room{};
  FetchCounts counts;
  ExchangeResult run(std::size_t index = 0) {
    return fetch_from(link, index, ServerAddress{}, request(), {.timing = {}, .random = no_chance}, room, counts);
  }
};

}  // namespace

ZTEST_SUITE(fetch, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(fetch, test_a_closed_link_is_opened_and_stays_open) {
  Fixture f;
  f.link.add(1100, Message::answer());
  f.link.add(1200, Message::answer());
  zassert_equal(f.run().result, 0);
  zassert_equal(f.run().result, 0);
  zassert_equal(f.link.opens, 1);
  zassert_equal(f.counts.sessions, 1);
  zassert_true(f.link.is_open(0));
}

ZTEST(fetch, test_another_server_is_opened) {
  Fixture f;
  f.link.opened = 1;
  f.link.add(1100, Message::answer());
  zassert_equal(f.run(0).result, 0);
  zassert_equal(f.link.opens, 1);
}

ZTEST(fetch, test_a_failed_handshake_is_the_result) {
  Fixture f;
  f.link.open_result = failure(DeviceError::not_trusted);
  zassert_equal(f.run().result, failure(DeviceError::not_trusted));
  zassert_equal(f.link.requests, 0);
  zassert_equal(f.counts.sessions, 0);
}

ZTEST(fetch, test_a_dead_session_is_found_out_in_two_sendings_and_made_anew) {
  Fixture f;
  f.link.opened = 0;
  f.link.add(7100, Message::answer());  // two sendings last 2 + 4 s
  zassert_equal(f.run().result, 0);
  zassert_equal(f.link.requests, 3);
  zassert_equal(f.link.opens, 1);
  zassert_equal(f.link.moves, 1);
  zassert_equal(f.counts.moves, 0);
  zassert_false(f.link.polite);
  zassert_equal(f.link.given_up, 0);  // its ticket is what makes the next one short
}

ZTEST(fetch, test_a_session_that_can_move_is_moved_first) {
  Fixture f;
  f.link.opened = 0;
  f.link.can_move = true;
  f.link.add(7100, Message::answer());
  zassert_equal(f.run().result, 0);
  zassert_equal(f.link.opens, 0);
  zassert_equal(f.counts.moves, 1);
  Fixture in_vain;
  in_vain.link.opened = 0;
  in_vain.link.can_move = true;
  in_vain.link.add(13100, Message::answer());
  zassert_equal(in_vain.run().result, 0);
  zassert_equal(in_vain.link.opens, 1);
  zassert_equal(in_vain.link.requests, 5);
}

ZTEST(fetch, test_a_session_that_the_server_closed_is_made_anew_at_once) {
  Fixture f;
  f.link.opened = 0;
  f.link.can_move = true;
  f.link.add(1100, failure(DeviceError::closed));
  f.link.add(1200, Message::answer());
  zassert_equal(f.run().result, 0);
  zassert_equal(f.link.moves, 0);
  zassert_equal(f.link.opens, 1);
  zassert_true(f.link.now < 2000);
}

ZTEST(fetch, test_a_refusal_over_an_open_session_leaves_it_open) {
  Fixture f;
  f.link.opened = 0;
  f.link.add(1100, Message::header(0xa3).option(14, {7}));
  const auto result = f.run();
  zassert_equal(result.result, failure(DeviceError::server_unready));
  zassert_equal(result.retry_after_s, 7);
  zassert_equal(f.link.opens, 0);
  zassert_true(f.link.is_open(0));
}

ZTEST(fetch, test_silence_on_a_new_session_ends_it) {
  Fixture f;
  zassert_equal(f.run().result, failure(DeviceError::timeout));
  zassert_equal(f.link.requests, 5);
  zassert_false(f.link.is_open(0));
  zassert_false(f.link.polite);
  zassert_equal(f.link.given_up, 1);
}
