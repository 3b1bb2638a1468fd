// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a plain HTTP/1.1 server on 127.0.0.1 with one thread, one request a connection, and answers by a function.
#pragma once

#include <arpa/inet.h>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/handle.hpp"

namespace qeaas::test {

// http_answer wraps a body; extra holds whole header lines.
inline std::string http_answer(int status, const std::string& body, const std::string& extra = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " Text\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n" +
         extra + "\r\n" + body;
}

class TestServer {
 public:
  // Answer gives the bytes to send back, or nothing: then the connection hangs until the client gives up.
  using Answer = std::function<std::optional<std::string>(const std::string& request)>;

  explicit TestServer(Answer answer) : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) == 0 && ::listen(listener_.get(), 16) == 0 &&
        ::getsockname(listener_.get(), generic, &size) == 0)
      port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);  // ends accept
    thread_.join();
  }

  std::string url(const std::string& scheme = "http") const { return scheme + "://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  // change runs while no answer is being made, so that a test may alter what its answers depend on.
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change();
  }

 private:
  void serve() {
    for (;;) {
      const FileDescriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) return;
      const auto request = receive(connection.get());
      if (const auto answer = decide(request)) {
        std::size_t sent = 0;
        while (sent < answer->size()) {
          const auto count = ::send(connection.get(), answer->data() + sent, answer->size() - sent, MSG_NOSIGNAL);
          if (count <= 0) break;
          sent += static_cast<std::size_t>(count);
        }
        ::shutdown(connection.get(), SHUT_WR);
      }
      // Until the client closes: this is the hang, and otherwise it keeps unread data from becoming a reset.
      std::string rest(4096, '\0');
      while (::recv(connection.get(), rest.data(), rest.size(), 0) > 0) {
      }
    }
  }

  std::optional<std::string> decide(const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return answer_(request);
  }

  static std::string receive(int connection) {
    std::string text;
    std::string part(4096, '\0');
    for (;;) {
      const auto head = text.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto length = text.find("Content-Length: ");
        const auto body = length == std::string::npos ? 0 : std::stoul(text.substr(length + 16));
        if (text.size() >= head + 4 + body) return text;
      }
      const auto count = ::recv(connection, part.data(), part.size(), 0);
      if (count <= 0) return text;
      if (text.empty() && part[0] != 'G' && part[0] != 'P') return {};  // no HTTP, so a TLS ClientHello
      text.append(part, 0, static_cast<std::size_t>(count));
    }
  }

  Answer answer_;
  FileDescriptor listener_;
  unsigned port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace qeaas::test
