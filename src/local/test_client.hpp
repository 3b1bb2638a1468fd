// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a client of a Unix socket. It never waits: what it reads is what there is.
#pragma once

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

#include "base/handle.hpp"

namespace qeaas::local::test {

class Client {
 public:
  explicit Client(const std::filesystem::path& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto text = path.string();
    std::copy(text.begin(), text.end(), address.sun_path);
    connected_ = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  bool connected() const { return connected_; }
  void send(const std::vector<std::uint8_t>& bytes) { static_cast<void>(!::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)); }
  std::vector<std::uint8_t> received() {
    std::vector<std::uint8_t> bytes(1 << 17);
    const auto size = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }
  // ended: the server has closed the connection, and nothing is left to read.
  bool ended() {
    char byte = 0;
    const auto size = ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return size == 0 || (size < 0 && errno == ECONNRESET);
  }
  void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }

 private:
  FileDescriptor socket_;
  bool connected_ = false;
};

}  // namespace qeaas::local::test
