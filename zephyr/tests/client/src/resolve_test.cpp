// SPDX-License-Identifier: GPL-3.0-or-later
// Which of a resolver's addresses is dialled.
#include <zephyr/ztest.h>

#include "resolve.hpp"

using namespace qeaas::device;

namespace {

// Answer is what a resolver gives: two IPv4 addresses that end in 1 and 2.
struct Answer {
  sockaddr_in addresses[2]{};
  zsock_addrinfo entries[2]{};
  Answer() {
    for (int i = 0; i < 2; ++i) {
      addresses[i].sin_family = AF_INET;
      addresses[i].sin_addr.s4_addr[3] = static_cast<std::uint8_t>(i + 1);
      entries[i].ai_addr = reinterpret_cast<sockaddr*>(&addresses[i]);
      entries[i].ai_addrlen = sizeof addresses[i];
    }
    entries[0].ai_next = &entries[1];
  }
};

int last_byte(const SocketAddress& address) { return reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr.s4_addr[3]; }

bool always(const SocketAddress&) noexcept { return true; }
bool never(const SocketAddress&) noexcept { return false; }
bool only_the_second(const SocketAddress& address) noexcept { return last_byte(address) == 2; }

int chosen(const Answer& answer, HasRoute routed) {
  SocketAddress address;
  zassert_true(first_with_route(answer.entries, 5684, routed, address));
  zassert_equal(address.size, sizeof(sockaddr_in));
  zassert_equal(reinterpret_cast<const sockaddr_in*>(address.get())->sin_port, htons(5684));
  return last_byte(address);
}

}  // namespace

ZTEST_SUITE(resolve, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(resolve, test_the_first_address_with_a_route_is_taken) {
  const Answer answer;
  zassert_equal(chosen(answer, always), 1);
  zassert_equal(chosen(answer, only_the_second), 2);
}

ZTEST(resolve, test_without_any_route_it_is_the_first) {
  const Answer answer;
  zassert_equal(chosen(answer, never), 1);
}

ZTEST(resolve, test_an_address_that_does_not_fit_is_passed_over) {
  Answer answer;
  answer.entries[0].ai_addrlen = sizeof(sockaddr_storage) + 1;
  zassert_equal(chosen(answer, always), 2);
  answer.entries[1].ai_addrlen = sizeof(sockaddr_storage) + 1;
  SocketAddress address;
  zassert_false(first_with_route(answer.entries, 5684, always, address));
  zassert_false(first_with_route(nullptr, 5684, always, address));
}
