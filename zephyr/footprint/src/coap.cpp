// SPDX-License-Identifier: GPL-3.0-or-later
// Plain CoAP requests, and what they cost: the first on a new socket, more on the same, one after the address has changed.
#include <array>

#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

#include "measure.hpp"
#include "request.hpp"

namespace {

constexpr int kMilliseconds = 120000;

Traffic traffic;
int connection = -1;

int connect_anew() {
  if (connection >= 0) zsock_close(connection);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(CONFIG_FOOTPRINT_PORT);
  zsock_inet_pton(AF_INET, CONFIG_FOOTPRINT_SERVER, &address.sin_addr);
  connection = zsock_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  return connection < 0 ? -1 : zsock_connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address));
}

int request() {
  std::array<std::uint8_t, 128> answer;
  const auto asked = next_request();
  if (zsock_send(connection, asked.data(), asked.size(), 0) < 0) return -2;
  zsock_pollfd watched{connection, ZSOCK_POLLIN, 0};
  if (zsock_poll(&watched, 1, kMilliseconds) != 1) return -3;
  const auto size = zsock_recv(connection, answer.data(), answer.size(), 0);
  if (size <= 1 || answer[1] != kContent) return -4;
  ++traffic.datagrams_sent;
  ++traffic.datagrams_received;
  traffic.bytes_sent += asked.size();
  traffic.bytes_received += static_cast<std::uint32_t>(size);
  return 0;
}

int requests(const char* name, unsigned times, bool anew) {
  Phase phase(name, traffic);
  if (anew && connect_anew() != 0) return -1;
  for (unsigned i = 0; i < times; ++i)
    if (const int result = request(); result != 0) return result;
  phase.stop();
  phase.print(traffic, times);
  return 0;
}

}  // namespace

int run_client() {
  if (const int result = requests("first_request", 1, true); result != 0) return result;
  if (const int result = requests("request", kRequestsOfARun, false); result != 0) return result;
  if (const int result = requests("moved_request", 1, true); result != 0) return result;
  zsock_close(connection);
  return 0;
}
