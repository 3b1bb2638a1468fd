// SPDX-License-Identifier: GPL-3.0-or-later
// The floor for a UDP server on this machine: one thread, one readiness wait, then batches of up to 64 by recvmmsg and sendmmsg, in
// the same way as a worker of qeaasd. The first two bytes of a datagram say how long its answer shall be.
// usage: udp_echo   prints "listening on 127.0.0.1:PORT" and serves until it is killed
#include <array>
#include <cstdio>
#include <sys/epoll.h>

#include "host_net.hpp"
#include "net/udp_socket.hpp"

namespace {

using namespace qeaas;

struct Echo {
  UdpSocket& socket;
  std::array<std::uint8_t, 2048> answer{};
};

void on_datagram(void* context, const Address& from, Bytes datagram) {
  auto& echo = *static_cast<Echo*>(context);
  if (datagram.size() < 2) return;
  const std::size_t size = std::min<std::size_t>(datagram[0] * 256U + datagram[1], echo.answer.size());
  echo.socket.send(from, Bytes(echo.answer).first(size));
}

}  // namespace

int main() {
  auto socket = UdpSocket::open(Address::parse("127.0.0.1:0").value(), 2048);
  if (!socket) bench::die(socket.error().text);
  Echo echo{**socket};
  const FileDescriptor poller(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event readable{EPOLLIN | EPOLLET, {}};
  ::epoll_ctl(poller.get(), EPOLL_CTL_ADD, echo.socket.descriptor(), &readable);
  std::printf("listening on %s\n", echo.socket.local().text().c_str());
  std::fflush(stdout);
  for (;;) {
    epoll_event event;
    if (::epoll_wait(poller.get(), &event, 1, -1) < 1) continue;
    for (bool full = true; full;) {
      const auto received = echo.socket.receive();
      for (const auto& datagram : received.datagrams) on_datagram(&echo, *datagram.from, datagram.bytes);
      echo.socket.flush();
      full = received.full;
    }
  }
}
