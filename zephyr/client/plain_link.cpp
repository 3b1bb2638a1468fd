// SPDX-License-Identifier: GPL-3.0-or-later
// The link without any protection: a connected UDP socket.
#include <zephyr/kernel.h>

#include <algorithm>
#include <climits>
#include <optional>

#include "link.hpp"
#include "resolve.hpp"

namespace qeaas::device {
namespace {

class PlainLink final : public Link {
 public:
  int open(std::size_t index, const ServerAddress& server) override {
    if (is_open(index)) return 0;
    close(false);
    SocketAddress address;
    if (const auto resolved = resolve(server, address); resolved != 0) return resolved;
    socket_ = zsock_socket(address.get()->sa_family, SOCK_DGRAM, IPPROTO_UDP);
    if (socket_ < 0) return failure(DeviceError::network);
    if (zsock_connect(socket_, address.get(), address.size) != 0) {
      close(false);
      return failure(DeviceError::network);
    }
    open_ = index;
    return 0;
  }

  bool is_open(std::size_t index) const override { return open_ == index; }
  bool move() override { return false; }
  void give_up() override { close(false); }
  void forget() override { close(false); }

  void close(bool) override {
    if (socket_ >= 0) zsock_close(socket_);
    socket_ = -1;
    open_.reset();
  }

  int send(std::span<const std::uint8_t> message) override {
    const auto sent = zsock_send(socket_, message.data(), message.size(), 0);
    if (sent != static_cast<ssize_t>(message.size())) return failure(DeviceError::network);
    ++report_.datagrams_sent;
    report_.bytes_sent += message.size();
    return 0;
  }

  int receive(std::span<std::uint8_t> room, std::int64_t until_ms) override {
    zsock_pollfd events{.fd = socket_, .events = ZSOCK_POLLIN, .revents = 0};
    const auto wait_ms = std::clamp<std::int64_t>(until_ms - now_ms(), 0, INT_MAX);
    const auto ready = zsock_poll(&events, 1, static_cast<int>(wait_ms));
    if (ready == 0) return failure(DeviceError::timeout);
    if (ready < 0) return failure(DeviceError::network);
    const auto size = zsock_recv(socket_, room.data(), room.size(), ZSOCK_MSG_DONTWAIT);
    if (size < 0) return failure(DeviceError::network);
    ++report_.datagrams_received;
    report_.bytes_received += static_cast<std::uint32_t>(size);
    // A datagram that fills the room may have been cut off.
    return static_cast<std::size_t>(size) == room.size() ? failure(DeviceError::invalid_argument) : static_cast<int>(size);
  }

  std::int64_t now_ms() override { return k_uptime_get(); }

  LinkReport report() const noexcept {
    auto report = report_;
    report.open = open_.has_value();
    return report;
  }

 private:
  int socket_ = -1;
  std::optional<std::size_t> open_;
  LinkReport report_;
};

constinit PlainLink link;

}  // namespace

Link& the_link() noexcept { return link; }
LinkReport link_report() noexcept { return link.report(); }

}  // namespace qeaas::device
