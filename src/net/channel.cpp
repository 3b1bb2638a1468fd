// SPDX-License-Identifier: GPL-3.0-or-later
// A client's way to one server: the socket loop around DtlsClient, and the plain socket.
#include "net/channel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

namespace qeaas {
namespace {

constexpr std::size_t kMaxIncomingBytes = 16384;

Outcome<FileDescriptor> connect_socket(const Address& server) {
  FileDescriptor socket(::socket(server.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || ::connect(socket.get(), server.data(), server.size()) != 0) return explain(from_errno(errno), server.text());
  return socket;
}

// wait_readable gives true when there is something to read, false when the deadline has passed.
bool wait_readable(int descriptor, TimePoint deadline) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd waiting{descriptor, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(std::clamp<long long>(left, 0, 3'600'000))) > 0;
}

// receive_datagram never waits. A refused port shows as an error of the next call on a connected socket.
Result<std::size_t> receive_datagram(int descriptor, MutableBytes room) noexcept {
  const auto size = ::recv(descriptor, room.data(), room.size(), MSG_TRUNC);
  if (size < 0) return fail(from_errno(errno));
  if (static_cast<std::size_t>(size) > room.size()) return fail(Error::too_large);
  return static_cast<std::size_t>(size);
}

// replace_socket opens the new one while the old one holds its port, so that the port is another.
Status replace_socket(FileDescriptor& socket, const Address& server) {
  auto fresh = connect_socket(server);
  if (!fresh) return fail(fresh.error().error);
  socket = std::move(*fresh);
  return {};
}

class PlainChannel final : public Channel {
 public:
  PlainChannel(FileDescriptor socket, Address server, std::size_t path_mtu)
      : socket_(std::move(socket)), server_(server), max_payload_(path_mtu - kIpUdpHeaderBytes) {}

  Status send(Bytes message) override {
    if (message.size() > max_payload_) return fail(Error::too_large);
    if (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) return fail(from_errno(errno));
    return {};
  }
  Result<std::size_t> receive(MutableBytes room, TimePoint deadline) override {
    while (wait_readable(socket_.get(), deadline)) {
      const auto size = receive_datagram(socket_.get(), room);
      if (size || size.error() != Error::would_block) return size;
    }
    return fail(Error::timeout);
  }
  std::size_t max_payload() const noexcept override { return max_payload_; }
  const DtlsReport* report() const noexcept override { return nullptr; }
  SessionTicket ticket() const override { return nullptr; }
  const Address& server() const noexcept override { return server_; }
  Status rebind() override { return replace_socket(socket_, server_); }

 private:
  FileDescriptor socket_;
  Address server_;
  std::size_t max_payload_;
};

class SecureChannel final : public Channel {
 public:
  SecureChannel(FileDescriptor socket, Address server) : socket_(std::move(socket)), server_(server) {}
  ~SecureChannel() override {
    if (client_) client_->close();
  }

  Outcome<void> handshake(DtlsClientOptions options) {
    auto client = DtlsClient::make(
        std::move(options), [this](Bytes datagram) { transmit(datagram); }, [this](Bytes message) { arrived_.emplace_back(message); });
    if (!client) return tl::unexpected(client.error());
    client_ = std::move(*client);
    client_->start(Clock::now());
    while (client_->state() == DtlsClient::State::handshaking)
      if (const auto moved = turn(client_->next_deadline()); !moved) return explain(moved.error(), server_.text());
    if (client_->state() == DtlsClient::State::established) return {};
    return tl::unexpected(Fault{client_->failure().error, server_.text() + ": " + client_->failure().text});
  }

  Status send(Bytes message) override { return client_->send(message); }

  Result<std::size_t> receive(MutableBytes room, TimePoint deadline) override {
    while (arrived_.empty()) {
      if (client_->state() != DtlsClient::State::established) return fail(Error::closed);
      if (Clock::now() >= deadline) return fail(Error::timeout);
      if (const auto moved = turn(std::min(deadline, client_->next_deadline())); !moved) return fail(moved.error());
    }
    const SecretBytes message = std::move(arrived_.front());
    arrived_.pop_front();
    if (message.size() > room.size()) return fail(Error::too_large);
    std::copy(message.span().begin(), message.span().end(), room.begin());
    return message.size();
  }

  std::size_t max_payload() const noexcept override { return client_->max_payload(); }
  const DtlsReport* report() const noexcept override { return &client_->report(); }
  SessionTicket ticket() const override { return client_->ticket(); }
  const Address& server() const noexcept override { return server_; }
  Status rebind() override { return replace_socket(socket_, server_); }

 private:
  void transmit(Bytes datagram) noexcept {
    // A lost datagram is the retransmission's business; a refused port shows at the next read.
    static_cast<void>(::send(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL));
  }

  // turn waits for a datagram until the deadline and gives everything that is there to the client.
  Status turn(TimePoint deadline) {
    if (wait_readable(socket_.get(), deadline)) {
      while (true) {
        const auto size = receive_datagram(socket_.get(), datagram_);
        if (!size && size.error() == Error::would_block) break;
        if (!size && size.error() == Error::too_large) continue;
        if (!size) return fail(size.error());
        client_->on_datagram(Bytes(datagram_).first(*size), Clock::now());
      }
    }
    client_->on_timer(Clock::now());
    return {};
  }

  FileDescriptor socket_;
  Address server_;
  std::unique_ptr<DtlsClient> client_;
  std::deque<SecretBytes> arrived_;
  std::array<std::uint8_t, kMaxIncomingBytes> datagram_{};
};

}  // namespace

Outcome<std::vector<Address>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_ADDRCONFIG;
  // AI_ADDRCONFIG hides loopback addresses on a machine without a network; literal addresses need no look-up at all.
  if (const auto literal = Address::parse((host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port)))
    return std::vector<Address>{*literal};
  addrinfo* found = nullptr;
  int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (result != 0) {
    hints.ai_flags = 0;
    result = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  }
  if (result != 0) return fault(Error::unreachable, "cannot find the host '" + host + "': " + ::gai_strerror(result));
  const Handle<addrinfo, ::freeaddrinfo> owner(found);
  std::vector<Address> addresses;
  for (const auto* one = found; one != nullptr; one = one->ai_next)
    if (auto address = Address::from_socket(one->ai_addr, one->ai_addrlen)) {
      address->set_port(port);
      addresses.push_back(*address);
    }
  if (addresses.empty()) return fault(Error::unreachable, "the host '" + host + "' has no IPv4 or IPv6 address");
  return addresses;
}

Outcome<std::unique_ptr<Channel>> open_secure_channel(const std::string& host, std::uint16_t port, DtlsClientOptions options) {
  const auto addresses = resolve(host, port);
  if (!addresses) return tl::unexpected(addresses.error());
  Fault last{Error::unreachable, host};
  for (const auto& address : *addresses) {
    auto socket = connect_socket(address);
    if (!socket) {
      last = socket.error();
      continue;
    }
    auto channel = std::make_unique<SecureChannel>(std::move(*socket), address);
    auto attempt = options.duplicate();
    const auto done = channel->handshake(std::move(attempt));
    if (done) return std::unique_ptr<Channel>(std::move(channel));
    last = done.error();
    // Another address can help when nobody answers, not when the server was reached and is not to be trusted.
    if (last.error != Error::unreachable && last.error != Error::timeout) break;
  }
  return tl::unexpected(last);
}

Outcome<std::unique_ptr<Channel>> open_plain_channel(const std::string& host, std::uint16_t port, std::size_t path_mtu) {
  const auto addresses = resolve(host, port);
  if (!addresses) return tl::unexpected(addresses.error());
  auto socket = connect_socket(addresses->front());
  if (!socket) return tl::unexpected(socket.error());
  return std::unique_ptr<Channel>(std::make_unique<PlainChannel>(std::move(*socket), addresses->front(), path_mtu));
}

}  // namespace qeaas
