// SPDX-License-Identifier: GPL-3.0-or-later
// UdpSocket: batches by recvmmsg and sendmmsg, SO_REUSEPORT, steering by connection ID.
#include "net/udp_socket.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <linux/filter.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <vector>

#include "net/port_holder.hpp"

namespace qeaas {

namespace {

// The kernel's limits of one segmented send (UDP_MAX_SEGMENTS, and the 64 kB of a datagram).
constexpr std::size_t kMaxSegments = 64;
constexpr std::size_t kMaxRunBytes = 60'000;

}  // namespace

struct UdpSocket::Batches {
  struct Side {
    explicit Side(std::size_t slot) : room(kBatch * slot) {
      for (std::size_t i = 0; i < kBatch; ++i) {
        parts[i] = {room.data() + i * slot, slot};
        auto& header = messages[i].msg_hdr;
        header.msg_iov = &parts[i];
        header.msg_iovlen = 1;
        header.msg_name = addresses[i].data();
        header.msg_namelen = Address::capacity();
      }
    }
    std::vector<std::uint8_t> room;
    std::array<Address, kBatch> addresses;
    std::array<iovec, kBatch> parts{};
    std::array<mmsghdr, kBatch> messages{};
  };
  explicit Batches(std::size_t slot) : in(slot), out(slot), slot_bytes(slot) {}
  Side in;
  Side out;
  std::size_t slot_bytes;
  std::size_t queued = 0;
  // Control is the room for one UDP_SEGMENT control message.
  struct Control {
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> room{};
    void attach(msghdr& header, std::uint16_t segment_bytes) noexcept {
      header.msg_control = room.data();
      header.msg_controllen = room.size();
      auto* message = CMSG_FIRSTHDR(&header);
      message->cmsg_level = SOL_UDP;
      message->cmsg_type = UDP_SEGMENT;
      message->cmsg_len = CMSG_LEN(sizeof(segment_bytes));
      std::memcpy(CMSG_DATA(message), &segment_bytes, sizeof(segment_bytes));
    }
  };
  std::array<Control, kBatch> controls;
  std::array<Datagram, kBatch> received{};
};

UdpSocket::UdpSocket(std::size_t max_datagram_bytes)
    : batches_(std::make_unique<Batches>(std::max<std::size_t>(max_datagram_bytes, 2048))) {}

UdpSocket::~UdpSocket() {
  flush();
  wipe(batches_->in.room);
  wipe(batches_->out.room);
}

Outcome<std::unique_ptr<UdpSocket>> UdpSocket::open(const Address& address, std::size_t max_datagram_bytes) {
  FileDescriptor socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!socket) return explain(from_errno(errno), "UDP socket");
  if (address.family() == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  if (::bind(socket.get(), address.data(), address.size()) != 0) return cannot_listen(IpProtocol::udp, address, errno);
  return adopt(std::move(socket), max_datagram_bytes);
}

Outcome<std::unique_ptr<UdpSocket>> UdpSocket::adopt(FileDescriptor socket, std::size_t max_datagram_bytes) {
  std::unique_ptr<UdpSocket> made(new UdpSocket(max_datagram_bytes));
  const int buffer = 4 << 20;  // a flood fills a small buffer before a worker is woken
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  auto size = Address::capacity();
  if (::getsockname(socket.get(), made->local_.data(), &size) != 0) return explain(from_errno(errno), "a UDP socket that was passed on");
  made->socket_ = std::move(socket);
  return made;
}

UdpSocket::Received UdpSocket::receive() noexcept {
  auto& side = batches_->in;
  const int count = ::recvmmsg(socket_.get(), side.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  std::size_t whole = 0;
  for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
    auto& message = side.messages[i];
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) == 0)
      batches_->received[whole++] = {&side.addresses[i], {static_cast<const std::uint8_t*>(side.parts[i].iov_base), message.msg_len}};
    message.msg_hdr.msg_namelen = Address::capacity();
    message.msg_hdr.msg_flags = 0;
  }
  return {std::span(batches_->received).first(whole), count == static_cast<int>(kBatch)};
}

void UdpSocket::send(const Address& to, Bytes datagram) noexcept {
  if (datagram.size() > batches_->slot_bytes) return;
  if (batches_->queued == kBatch) flush();
  auto& side = batches_->out;
  const auto i = batches_->queued++;
  std::memcpy(side.parts[i].iov_base, datagram.data(), datagram.size());
  side.parts[i].iov_len = datagram.size();
  side.addresses[i] = to;
}

std::size_t UdpSocket::run_length(std::size_t first) const noexcept {
  const auto& side = batches_->out;
  const auto segment = side.parts[first].iov_len;
  std::size_t count = 1;
  std::size_t bytes = segment;
  while (segmenting_ && count < kMaxSegments && first + count < batches_->queued) {
    const auto next = first + count;
    if (!(side.addresses[next] == side.addresses[first]) || side.parts[next].iov_len > segment || bytes + segment > kMaxRunBytes) break;
    bytes += side.parts[next].iov_len;
    ++count;
    if (side.parts[next].iov_len < segment) break;  // only the last segment may be shorter
  }
  return count;
}

// gather_runs makes one message of every run of datagrams to one peer: the kernel's segmentation (UDP_SEGMENT) then goes down its
// stack once for a handshake flight instead of once for each of its datagrams.
std::size_t UdpSocket::gather_runs() noexcept {
  auto& side = batches_->out;
  std::size_t messages = 0;
  for (std::size_t first = 0; first < batches_->queued; ++messages) {
    const auto count = run_length(first);
    auto& header = side.messages[messages].msg_hdr;
    header.msg_name = side.addresses[first].data();
    header.msg_namelen = side.addresses[first].size();
    header.msg_iov = &side.parts[first];
    header.msg_iovlen = count;
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    if (count > 1) batches_->controls[messages].attach(header, static_cast<std::uint16_t>(side.parts[first].iov_len));
    first += count;
  }
  return messages;
}

void UdpSocket::flush() noexcept {
  auto& side = batches_->out;
  const auto messages = gather_runs();
  std::size_t done = 0;
  while (done < messages) {
    const int sent = ::sendmmsg(socket_.get(), side.messages.data() + done, static_cast<unsigned>(messages - done), MSG_DONTWAIT);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) break;    // the network is full: what is left is lost, and the peers ask again
    if (side.messages[done].msg_hdr.msg_iovlen > 1) {  // this kernel, or this route, does not segment: one datagram at a time from now on
      segmenting_ = false;
      send_singly(side.messages[done].msg_hdr);
    }
    ++done;  // a single one whose address is unreachable is skipped
  }
  batches_->queued = 0;
}

void UdpSocket::send_singly(const msghdr& run) noexcept {
  for (std::size_t i = 0; i < run.msg_iovlen; ++i)
    static_cast<void>(::sendto(socket_.get(), run.msg_iov[i].iov_base, run.msg_iov[i].iov_len, MSG_DONTWAIT,
                               static_cast<const sockaddr*>(run.msg_name), run.msg_namelen));
}

Outcome<Address> free_address(const Address& address) {
  const FileDescriptor probe(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (address.family() == AF_INET6) ::setsockopt(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  if (!probe || ::bind(probe.get(), address.data(), address.size()) != 0) return cannot_listen(IpProtocol::udp, address, errno);
  Address chosen;
  auto size = Address::capacity();
  if (::getsockname(probe.get(), chosen.data(), &size) != 0) return explain(from_errno(errno), "UDP socket");
  return chosen;
}

Status steer_by_worker(const UdpSocket& any_of_them) noexcept {
  // The payload begins at offset 0. A unified header with a connection ID is 001 1xxxx; the ID's first byte follows it. An answer
  // beyond the number of sockets makes the kernel fall back to its hash.
  constexpr std::uint32_t kByHash = 0xFFFF;
  std::array<sock_filter, 6> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xF0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x30, 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1),
      BPF_STMT(BPF_RET | BPF_A, 0),
      BPF_STMT(BPF_RET | BPF_K, kByHash),
  }};
  const sock_fprog attached{program.size(), program.data()};
  if (::setsockopt(any_of_them.descriptor(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &attached, sizeof(attached)) != 0)
    return fail(from_errno(errno));
  return {};
}

}  // namespace qeaas
