// SPDX-License-Identifier: GPL-3.0-or-later
// A client of the local socket: connect, ask, read, with one deadline.
#include "local/draw_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

#include "base/handle.hpp"
#include "local/egd.hpp"
#include "local/place.hpp"

namespace qeaas::local {
namespace {

class Exchange {
 public:
  Exchange(std::string path, TimePoint deadline) : path_(std::move(path)), deadline_(deadline) {}

  Outcome<void> connect();
  Outcome<DrawHead> ask(std::size_t count, EntropyType type);
  Outcome<void> receive(MutableBytes room);

 private:
  tl::unexpected<Fault> system_fault(int number) const {
    const auto error = number == ECONNREFUSED ? Error::unreachable : from_errno(number);
    return fault(error, path_ + ": " + std::strerror(number) +  // NOLINT(concurrency-mt-unsafe): glibc's is safe for known numbers
                            (error == Error::denied ? "; run this as root or as a member of one of the server's [local] groups"
                                                    : "; is qeaasd running, with [local] enabled?"));
  }
  Outcome<void> await(short events) const;

  std::string path_;
  TimePoint deadline_;
  FileDescriptor socket_;
};

Outcome<void> Exchange::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() > kMaxPathBytes) return fault(Error::too_large, path_ + " is longer than a socket's path can be");
  std::copy(path_.begin(), path_.end(), address.sun_path);
  socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return system_fault(errno);
  while (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int number = errno;
    if (number != EAGAIN && number != EINTR) return system_fault(number);
    // EAGAIN of a Unix socket: the server's queue is full, and nothing tells when it no longer is.
    if (Clock::now() + 10ms >= deadline_) return fault(Error::timeout, path_ + ": the server accepts no connection; is it stuck?");
    std::this_thread::sleep_for(10ms);
  }
  return {};
}

Outcome<void> Exchange::await(short events) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    pollfd waiting{socket_.get(), events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
    if (ready > 0) return {};
    if (ready == 0) return fault(Error::timeout, path_ + ": no answer within the time allowed");
    if (errno != EINTR) return system_fault(errno);
  }
}

Outcome<void> Exchange::receive(MutableBytes room) {
  while (!room.empty()) {
    const auto size = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (size == 0 || (size < 0 && errno == ECONNRESET))
      return fault(Error::closed,
                   path_ + ": the server closed the connection; run this as root or as a member of one of its [local] groups");
    if (size > 0)
      room = room.subspan(static_cast<std::size_t>(size));
    else if (errno != EAGAIN && errno != EINTR)
      return system_fault(errno);
    else if (auto ready = await(POLLIN); !ready)
      return ready;
  }
  return {};
}

// The request is four bytes to a fresh connection: there is room for it.
Outcome<DrawHead> Exchange::ask(std::size_t count, EntropyType type) {
  std::array<std::uint8_t, kDrawRequestBytes> request{};
  write_draw_request(request, count, type);
  if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    // Whom the server does not want it closes at once; what it said before that is nothing.
    if (errno == EPIPE || errno == ECONNRESET) return fault(Error::closed, path_ + ": the server closed the connection");
    return system_fault(errno);
  }
  std::array<std::uint8_t, kDrawHeadBytes> room{};
  if (const auto got = receive(room); !got) return tl::unexpected(got.error());
  const auto head = parse_draw_head(room);
  const bool ok = head.code == Code::ok;
  if (ok ? head.count != count : head.count != 0 || head.provenance_bytes != 0)
    return fault(Error::malformed, path_ + " does not speak the protocol of qeaasd");
  return head;
}

Outcome<RandomAnswer> answer_of(Exchange& exchange, const DrawHead& head, const std::string& path) {
  SecretBytes random(head.count);
  if (const auto got = exchange.receive(random.span()); !got) return tl::unexpected(got.error());
  SecretBytes provenance(head.provenance_bytes);
  if (const auto got = exchange.receive(provenance.span()); !got) return tl::unexpected(got.error());
  auto answer = decode_provenance(provenance.span());
  if (!answer) return explain(answer.error(), path + ": the provenance of an answer");
  answer->random = std::move(random);
  return std::move(*answer);
}

}  // namespace

Outcome<RandomAnswer> local_draw(const std::filesystem::path& path, std::size_t count, EntropyType type, TimePoint deadline) {
  if (count == 0 || count > kMaxLocalDrawBytes) return fault(Error::out_of_range, "the local socket gives 1 to 65535 bytes in one answer");
  Exchange exchange(path.string(), deadline);
  if (const auto open = exchange.connect(); !open) return tl::unexpected(open.error());
  while (true) {
    const auto head = exchange.ask(count, type);
    if (!head) return tl::unexpected(head.error());
    if (head->code == Code::ok) {
      auto answer = answer_of(exchange, *head, path.string());
      if (answer && answer->type != type) return fault(Error::malformed, path.string() + ": an answer of another type than asked for");
      return answer;
    }
    const bool again = head->retry.count() > 0 && Clock::now() + head->retry < deadline;
    if (!again) return tl::unexpected(refusal(head->code, path.string()));
    std::this_thread::sleep_for(head->retry);
  }
}

}  // namespace qeaas::local
