// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes of the local socket.
#include "socket_supply.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace qeaas::provider {
namespace {

constexpr std::size_t kLargestDraw = 16384;  // well below what a server's default burst allows in one piece
constexpr std::chrono::milliseconds kFirstPause(10);
constexpr std::chrono::milliseconds kEarlyPatience(100);  // a server that does not accept holds up no start and no fork for longer

FileDescriptor new_socket() noexcept { return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool worth_waiting(local::Code code) noexcept {
  return code == local::Code::starved || code == local::Code::over_quota || code == local::Code::failed;
}

// pause_before is how long to wait before asking again. Reservoirs fill within milliseconds, and whole seconds are all that the protocol
// can say; so a starved server is asked a little earlier at first, twice as late each time.
Clock::duration pause_before(const local::DrawHead& head, unsigned attempt) noexcept {
  const Clock::duration said = head.retry;
  if (head.code != local::Code::starved) return said;
  return std::min(said, Clock::duration(kFirstPause) * (1U << std::min(attempt, 10U)));
}

}  // namespace

void SocketSupply::open() noexcept {
  static_cast<void>(connect(connection_, nullptr, Clock::now() + kEarlyPatience));
  keep_spare();
}

void SocketSupply::keep_spare() noexcept {
  if (!spare_.ours()) spare_.take(new_socket());
}

Outcome<void> SocketSupply::connect(OwnDescriptor& connection, OwnDescriptor* spare, TimePoint deadline) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path_.begin(), path_.end(), address.sun_path);
  connection.take(new_socket());
  const int number = errno;
  if (connection.empty() && spare != nullptr && spare->ours()) connection.take(*spare);
  if (connection.empty()) return system_fault("no socket for " + path_, number);
  const auto left = std::max(left_milliseconds(deadline), 1);
  const timeval patience{left / 1000, left % 1000 * 1000};  // for a server that has stopped accepting
  ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  while (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno == EINTR && Clock::now() < deadline) continue;
    const int why = errno;
    connection.reset();
    if (why == EAGAIN) return fault(Error::timeout, path_ + ": the server accepts no connection; check that it is not stuck");
    return system_fault(path_ + " (is qeaasd running, and may this user reach its socket?)", why);
  }
  return {};
}

Outcome<void> SocketSupply::await(short events, TimePoint deadline) {
  pollfd waiting{connection_.get(), events, 0};
  while (true) {
    const int ready = ::poll(&waiting, 1, left_milliseconds(deadline));
    if (ready > 0) return {};
    if (ready == 0) return fault(Error::timeout, path_ + ": no answer in time; look at the server's log, or raise timeout");
    if (errno != EINTR) return system_fault(path_, errno);
  }
}

Outcome<void> SocketSupply::send_all(Bytes data, TimePoint deadline) {
  while (!data.empty()) {
    const auto size = ::send(connection_.get(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size >= 0) {
      data = data.subspan(static_cast<std::size_t>(size));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return system_fault(path_, errno);
    if (auto ready = await(POLLOUT, deadline); !ready) return ready;
  }
  return {};
}

Outcome<void> SocketSupply::receive_all(MutableBytes room, TimePoint deadline) {
  while (!room.empty()) {
    const auto size = ::recv(connection_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (size > 0) {
      room = room.subspan(static_cast<std::size_t>(size));
      continue;
    }
    if (size == 0) return fault(Error::closed, path_ + ": the server closed the connection; is this user in one of its [local] groups?");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return system_fault(path_, errno);
    if (auto ready = await(POLLIN, deadline); !ready) return ready;
  }
  return {};
}

Outcome<void> SocketSupply::skip(std::size_t size, TimePoint deadline) {
  std::array<std::uint8_t, 512> room;
  while (size > 0) {
    const auto part = std::min(size, room.size());
    if (auto done = receive_all(MutableBytes(room).first(part), deadline); !done) return done;
    size -= part;
  }
  return {};
}

Outcome<local::DrawHead> SocketSupply::exchange(MutableBytes out, TimePoint deadline) {
  std::array<std::uint8_t, local::kDrawRequestBytes> request{};
  local::write_draw_request(request, out.size(), type_);
  if (auto sent = send_all(request, deadline); !sent) return tl::unexpected(sent.error());
  std::array<std::uint8_t, local::kDrawHeadBytes> begin{};
  if (auto got = receive_all(begin, deadline); !got) return tl::unexpected(got.error());
  const auto head = local::parse_draw_head(begin);
  if (head.code == local::Code::ok ? head.count != out.size() : head.count != 0)
    return fault(Error::malformed, path_ + " does not speak the protocol of qeaasd");
  if (head.code == local::Code::ok)
    if (auto got = receive_all(out, deadline); !got) return tl::unexpected(got.error());
  if (auto done = skip(head.provenance_bytes, deadline); !done) return tl::unexpected(done.error());
  return head;
}

// draw asks as often as the server says to and the deadline allows. A connection that turns out to be dead is replaced once: the server
// may have been started again since.
Outcome<void> SocketSupply::draw(MutableBytes out, TimePoint deadline) {
  bool fresh = false;
  for (unsigned attempt = 0;; ++attempt) {
    if (!connection_.ours()) {
      if (auto open = connect(connection_, &spare_, deadline); !open) return open;
      keep_spare();
      fresh = true;
    }
    const auto head = exchange(out, deadline);
    if (!head) {
      connection_.reset();  // what is still to come of the answer must never be taken for another
      if (fresh || head.error().error == Error::timeout) return tl::unexpected(head.error());
      continue;
    }
    if (head->code == local::Code::ok) return {};
    const auto pause = pause_before(*head, attempt);
    const bool again = worth_waiting(head->code) && head->retry.count() > 0 && Clock::now() + pause < deadline;
    if (!again) {
      const bool large = head->code == local::Code::too_large;
      return tl::unexpected(local::refusal(head->code, path_ + (large ? " (set a smaller buffer)" : "")));
    }
    std::this_thread::sleep_for(pause);
  }
}

Outcome<void> SocketSupply::fetch(MutableBytes out, TimePoint deadline) {
  while (!out.empty()) {
    const auto part = out.first(std::min(out.size(), kLargestDraw));
    if (auto done = draw(part, deadline); !done) return done;
    out = out.subspan(part.size());
  }
  return {};
}

// Only a process with privileges can lose them, or change its root.
void SocketSupply::before_fork() noexcept {
  if (::geteuid() == 0) static_cast<void>(connect(child_, nullptr, Clock::now() + kEarlyPatience));
}

void SocketSupply::after_fork_in_parent() noexcept { child_.reset(); }

void SocketSupply::after_fork_in_child() noexcept {
  connection_.reset();  // the parent's, whose answers are the parent's
  spare_.reset();       // connected by both, it would be one connection
  connection_.take(child_);
  keep_spare();
}

}  // namespace qeaas::provider
