// SPDX-License-Identifier: GPL-3.0-or-later
// HostNet: many hosts of 127/8 behind one socket, by IP_PKTINFO (ip(7)).
#include "host_net.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>

namespace qeaas::bench {
namespace {

constexpr std::uint32_t kFirstHost = 0x7F100000;  // 127.16.0.0

}  // namespace

void die(const std::string& text) {
  std::fprintf(stderr, "bench: %s\n", text.c_str());
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
}

HostNet::Side::Side() {
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts[i] = {room.data() + i * kSlotBytes, kSlotBytes};
    auto& header = messages[i].msg_hdr;
    header.msg_iov = &parts[i];
    header.msg_iovlen = 1;
    header.msg_control = control[i].data();
    header.msg_controllen = CMSG_SPACE(sizeof(in_pktinfo));
  }
}

HostNet::HostNet(const Address& server) : server_(server), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  const int on = 1;
  const int buffer = 8 << 20;
  sockaddr_in any{};
  any.sin_family = AF_INET;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
  if (!socket_ || ::setsockopt(socket_.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) != 0 ||
      ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0)
    die(std::string("UDP socket: ") + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
  for (auto& message : out_.messages) {
    message.msg_hdr.msg_name = server_.data();
    message.msg_hdr.msg_namelen = server_.size();
    auto* control = CMSG_FIRSTHDR(&message.msg_hdr);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  }
}

void HostNet::send(std::uint32_t host, Bytes datagram) {
  if (datagram.size() > kSlotBytes) die("a datagram is larger than a slot");
  if (queued_ == kBatch) flush();
  const auto i = queued_++;
  std::memcpy(out_.parts[i].iov_base, datagram.data(), datagram.size());
  out_.parts[i].iov_len = datagram.size();
  in_pktinfo info{};
  info.ipi_spec_dst.s_addr = htonl(kFirstHost + host);
  std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(&out_.messages[i].msg_hdr)), &info, sizeof(info));
}

void HostNet::flush() {
  std::size_t done = 0;
  while (done < queued_) {
    const int sent = ::sendmmsg(socket_.get(), out_.messages.data() + done, static_cast<unsigned>(queued_ - done), 0);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
      die(std::string("send: ") + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    pollfd writable{socket_.get(), POLLOUT, 0};
    ::poll(&writable, 1, 10);
  }
  queued_ = 0;
}

std::size_t HostNet::fetch(int wait_ms) {
  for (std::size_t i = 0; i < kBatch; ++i) in_.messages[i].msg_hdr.msg_controllen = kControlBytes;
  int count = ::recvmmsg(socket_.get(), in_.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0 && wait_ms > 0) {
    pollfd readable{socket_.get(), POLLIN, 0};
    ::poll(&readable, 1, wait_ms);
    count = ::recvmmsg(socket_.get(), in_.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  }
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::uint32_t HostNet::host_of(std::size_t slot) {
  auto& header = in_.messages[slot].msg_hdr;
  for (auto* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != IPPROTO_IP || control->cmsg_type != IP_PKTINFO) continue;
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(control), sizeof(info));
    return ntohl(info.ipi_addr.s_addr) - kFirstHost;
  }
  return kHosts;
}

}  // namespace qeaas::bench
