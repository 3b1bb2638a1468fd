// SPDX-License-Identifier: GPL-3.0-or-later
#include <zephyr/ztest.h>

#include "server_choice.hpp"
#include "server_list.hpp"

using namespace qeaas::device;

namespace {

constexpr BackOffPolicy kPolicy{.first_ms = 1000, .longest_ms = 60000};
constexpr std::uint16_t kPort = 5684;

void expect(const ServerAddress& server, const char* host, std::uint16_t port, const char* name) {
  zassert_str_equal(server.host.data(), host);
  zassert_equal(server.port, port);
  zassert_str_equal(server.name.data(), name);
}

}  // namespace

ZTEST_SUITE(server_list, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(server_list, test_every_form_of_a_server) {
  ServerList list;
  zassert_true(parse_servers(" 192.0.2.1, qrng.example.org:7777  [2001:db8::1]:99\tqrng.example.org@192.0.2.7:1 ", kPort, list));
  zassert_equal(list.count, 4);
  expect(list.servers[0], "192.0.2.1", kPort, "192.0.2.1");
  expect(list.servers[1], "qrng.example.org", 7777, "qrng.example.org");
  expect(list.servers[2], "2001:db8::1", 99, "2001:db8::1");
  expect(list.servers[3], "192.0.2.7", 1, "qrng.example.org");
  zassert_true(parse_servers("2001:db8::2 [2001:db8::3]", kPort, list));
  expect(list.servers[0], "2001:db8::2", kPort, "2001:db8::2");
  expect(list.servers[1], "2001:db8::3", kPort, "2001:db8::3");
  zassert_true(parse_servers("  ", kPort, list));
  zassert_equal(list.count, 0);
}

ZTEST(server_list, test_what_is_no_server_is_refused_whole) {
  const char* bad[] = {"a:",
                       ":1",
                       "a:0",
                       "a:65536",
                       "a:123456",
                       "a:1x",
                       "a:-1",
                       "@a",
                       "n@",
                       "n@m@a",
                       "[::1",
                       "[::1]x",
                       "[::1]:",
                       "[]",
                       "a[b]",
                       "a\x01",
                       "a b c d e",
                       "ok bad:0",
                       "0123456789012345678901234567890123456789012345678901234567890123"};
  for (const auto* text : bad) {
    ServerList list;
    list.count = 3;
    zassert_false(parse_servers(text, kPort, list), "%s", text);
    zassert_equal(list.count, 0);
  }
}

ZTEST_SUITE(server_choice, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(server_choice, test_the_first_is_preferred_and_failure_moves_on) {
  ServerChoice choice(3, kPolicy);
  zassert_equal(choice.pick(0).value(), 0);
  choice.failed(0, 0, 0, 0);
  zassert_equal(choice.pick(0).value(), 1);
  choice.failed(1, 0, 0, UINT32_MAX);
  zassert_equal(choice.pick(0).value(), 2);
  choice.failed(2, 0, 0, UINT32_MAX);
  zassert_false(choice.pick(0).has_value());
  zassert_equal(choice.ready_ms(1, 0), 500);
  zassert_equal(choice.ready_ms(3, 0), 1000);
  zassert_false(choice.pick(499).has_value());
  zassert_equal(choice.pick(500).value(), 0);
  zassert_equal(choice.pick(1000, 1).value(), 1);
}

ZTEST(server_choice, test_success_forgets_the_failures) {
  ServerChoice choice(1, kPolicy);
  choice.failed(0, 0, 0, 0);
  choice.failed(0, 500, 0, 0);
  zassert_equal(choice.ready_ms(1, 500), 1500);
  zassert_equal(choice.failures(0), 2);
  choice.succeeded(0);
  zassert_equal(choice.failures(0), 0);
  zassert_equal(choice.pick(501).value(), 0);
  choice.failed(0, 2000, 0, 0);
  zassert_equal(choice.ready_ms(1, 2000), 2500);
}

ZTEST(server_choice, test_what_the_server_asks_is_the_earliest_and_jittered) {
  ServerChoice least(1, kPolicy);
  least.failed(0, 100, 30, 0);
  zassert_equal(least.ready_ms(1, 100), 100 + 30000 + 500);
  ServerChoice most(1, kPolicy);
  most.failed(0, 100, 30, UINT32_MAX);
  zassert_equal(most.ready_ms(1, 100), 100 + 30000 + 1000);
}

ZTEST(server_choice, test_no_server_can_switch_the_device_off) {
  ServerChoice choice(1, kPolicy);
  choice.failed(0, 0, UINT32_MAX, 0);
  zassert_equal(choice.ready_ms(1, 0), 86400000 + 500);
}

ZTEST(server_choice, test_forgiving_keeps_what_the_server_asked_for) {
  ServerChoice choice(2, kPolicy);
  choice.failed(0, 0, 30, 0);
  choice.failed(1, 0, 0, 0);
  choice.forgive();
  zassert_equal(choice.pick(0).value(), 1);
  choice.failed(1, 0, 0, 0);
  zassert_equal(choice.ready_ms(1, 0), 500);  // the first step again
  zassert_equal(choice.pick(29999), 1);
  zassert_equal(choice.pick(30000).value(), 0);
}

ZTEST(server_choice, test_so_many_servers_are_ready_at_the_time_of_the_last_of_these) {
  ServerChoice choice(3, kPolicy);
  choice.failed(0, 0, 600, 0);
  choice.failed(2, 0, 0, 0);
  zassert_equal(choice.ready_ms(0, 0), 0);
  zassert_equal(choice.ready_ms(1, 0), 0);
  zassert_equal(choice.ready_ms(2, 0), 500);
  zassert_equal(choice.ready_ms(3, 0), 600500);
  zassert_equal(choice.ready_ms(4, 0), 600500);
  zassert_equal(choice.ready_ms(2, 501), 501);
}

ZTEST(server_choice, test_no_servers_is_no_fault) {
  ServerChoice none(0, kPolicy);
  zassert_false(none.pick(0).has_value());
  zassert_equal(none.ready_ms(1, 7), 7);
  ServerChoice many(100, kPolicy);
  zassert_equal(many.count(), kMaxServers);
}
