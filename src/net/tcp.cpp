// SPDX-License-Identifier: GPL-3.0-or-later
// TCP sockets of the stream fronts.
#include "net/tcp.hpp"

#include <cerrno>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/port_holder.hpp"

namespace qeaas {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

Outcome<FileDescriptor> bound(const Address& address, bool shared) {
  FileDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return explain(from_errno(errno), "TCP socket");
  const int on = 1;
  if (address.family() == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));  // connections of an earlier run may be in TIME_WAIT
  if (shared) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  if (::bind(socket.get(), address.data(), address.size()) != 0) return cannot_listen(IpProtocol::tcp, address, errno);
  if (::listen(socket.get(), kBacklog) != 0) return cannot_listen(IpProtocol::tcp, address, errno);
  return socket;
}

// somebody_waits: the kernel looks for a descriptor before it looks for somebody who wants to be accepted.
bool somebody_waits(int listener) noexcept {
  pollfd entry{listener, POLLIN, 0};
  return ::poll(&entry, 1, 0) != 0;
}

bool nothing_now(int number) noexcept { return number == EAGAIN || number == EWOULDBLOCK || number == EINTR; }

}  // namespace

Result<std::size_t> TcpStream::receive(MutableBytes room) noexcept {
  const auto size = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (size > 0) return static_cast<std::size_t>(size);
  if (size == 0) return fail(Error::closed);
  return fail(nothing_now(errno) ? Error::would_block : Error::io);
}

Result<std::size_t> TcpStream::send(Bytes data) noexcept {
  const auto size = ::send(socket_.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size >= 0) return static_cast<std::size_t>(size);
  if (nothing_now(errno)) return fail(Error::would_block);
  return fail(errno == EPIPE || errno == ECONNRESET ? Error::closed : Error::io);
}

void TcpStream::end_sending() noexcept { ::shutdown(socket_.get(), SHUT_WR); }

Outcome<std::unique_ptr<TcpListener>> TcpListener::open(const Address& address) {
  auto socket = bound(address, true);
  if (!socket) return tl::unexpected(socket.error());
  return adopt(std::move(*socket));
}

Outcome<std::unique_ptr<TcpListener>> TcpListener::adopt(FileDescriptor socket) {
  Address local;
  auto size = Address::capacity();
  if (::getsockname(socket.get(), local.data(), &size) != 0) return explain(from_errno(errno), "a TCP socket that was passed on");
  return std::unique_ptr<TcpListener>(new TcpListener(std::move(socket), local));
}

Result<TcpStream> TcpListener::accept() noexcept {
  Address remote;
  auto size = Address::capacity();
  FileDescriptor socket(::accept4(socket_.get(), remote.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) {
    const int number = errno;
    if (nothing_now(number) || number == ECONNABORTED) return fail(Error::would_block);
    const bool exhausted = number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
    if (exhausted && !somebody_waits(socket_.get())) return fail(Error::would_block);
    return fail(exhausted ? Error::no_space : Error::io);
  }
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return TcpStream(std::move(socket), remote);
}

Outcome<Address> free_tcp_address(const Address& address) {
  auto probe = bound(address, false);
  if (!probe) return tl::unexpected(probe.error());
  const auto listener = TcpListener::adopt(std::move(*probe));
  if (!listener) return tl::unexpected(listener.error());
  return (*listener)->local();
}

}  // namespace qeaas
