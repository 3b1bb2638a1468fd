// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a server of the local socket whose answers a test writes.
#pragma once

#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/handle.hpp"
#include "local/egd.hpp"

namespace qeaas::provider::test {

using Buffer = std::vector<std::uint8_t>;

// FakeServer answers on a socket as its script says, one connection after the other; every byte of an answer is the connection's number.
class FakeServer {
 public:
  using Answer = std::function<Buffer(const local::Request&, int connection)>;
  FakeServer(const std::string& path, Answer answer)
      : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), answer_(std::move(answer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    EXPECT_EQ(::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listening_.get(), 8), 0);
    thread_ = std::jthread([this] { serve(); });
  }
  ~FakeServer() { stop(); }
  void stop() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_ = {};
  }
  std::atomic<int> connections{0};

 private:
  void serve() {
    std::vector<std::jthread> threads;
    std::vector<int> open;
    while (true) {
      const int socket = ::accept(listening_.get(), nullptr, nullptr);
      if (socket < 0) break;
      open.push_back(socket);
      threads.emplace_back([this, socket, number = ++connections] { talk(socket, number); });
    }
    for (const int socket : open) ::shutdown(socket, SHUT_RDWR);
    threads.clear();
    for (const int socket : open) ::close(socket);
  }
  void talk(int socket, int number) const {
    std::array<std::uint8_t, local::kDrawRequestBytes> request{};
    while (::recv(socket, request.data(), request.size(), MSG_WAITALL) == 4) {
      const auto out = answer_(*local::parse_request(request), number);
      if (out.empty()) break;
      static_cast<void>(!::send(socket, out.data(), out.size(), MSG_NOSIGNAL));
    }
    ::shutdown(socket, SHUT_RDWR);
  }
  FileDescriptor listening_;
  Answer answer_;
  std::jthread thread_;
};

inline Buffer bytes_of(const local::Request& request, int connection) {
  Buffer out(local::kDrawHeadBytes + request.count + 3, static_cast<std::uint8_t>(connection));
  local::write_draw_head(std::span(out).first<local::kDrawHeadBytes>(), local::Code::ok, std::chrono::seconds(0), request.count, 3);
  return out;
}
inline Buffer refused(local::Code code, int retry) {
  Buffer out(local::kDrawHeadBytes);
  local::write_draw_head(std::span(out).first<local::kDrawHeadBytes>(), code, std::chrono::seconds(retry), 0, 0);
  return out;
}

}  // namespace qeaas::provider::test
