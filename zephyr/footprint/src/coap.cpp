// SPDX-License-Identifier: GPL-3.0-or-later
// One plain CoAP request, and what it cost.
#include <array>

#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>

#include "measure.hpp"
#include "request.hpp"

int run_client() {
  std::array<std::uint8_t, 128> answer;
  const auto before = own_cycles();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(CONFIG_FOOTPRINT_PORT);
  zsock_inet_pton(AF_INET, CONFIG_FOOTPRINT_SERVER, &address.sin_addr);
  const int socket = zsock_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  if (socket < 0 || zsock_connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return -1;
  if (zsock_send(socket, kRequest.data(), kRequest.size(), 0) < 0) return -2;
  zsock_pollfd watched{socket, ZSOCK_POLLIN, 0};
  if (zsock_poll(&watched, 1, 20000) != 1) return -3;
  const auto size = zsock_recv(socket, answer.data(), answer.size(), 0);
  if (size <= 0) return -4;
  print_figure("request_cycles", own_cycles() - before);
  print_figure("answer_code", answer[1]);
  print_figure("datagrams_sent", 1);
  print_figure("datagrams_received", 1);
  print_figure("bytes_sent", kRequest.size());
  print_figure("bytes_received", static_cast<std::uint64_t>(size));
  zsock_close(socket);
  return 0;
}
