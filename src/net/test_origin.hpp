// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a plain HTTP/1.1 origin on 127.0.0.1 that lives on the test's own loop, with any number of connections at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace qeaas::test {

namespace asio = boost::asio;

// http_answer wraps a body; extra holds whole header lines.
inline std::string http_answer(int status, const std::string& body, const std::string& extra = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " Text\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra + "\r\n" + body;
}

class TestOrigin {
 public:
  // Answer gives the bytes to send back, or nothing: then the connection hangs until the other side gives up.
  using Answer = std::function<std::optional<std::string>(const std::string& request)>;

  TestOrigin(asio::io_context& loop, Answer answer)
      : answer_(std::move(answer)), acceptor_(loop, {asio::ip::address_v4::loopback(), 0}), port_(acceptor_.local_endpoint().port()) {
    accept();
  }
  unsigned short port() const { return port_; }
  std::string url(const std::string& host = "127.0.0.1") const { return "http://" + host + ":" + std::to_string(port_); }

  std::vector<std::string> requests;  // the heads
  std::size_t connections = 0;        // ever opened
  std::size_t closed = 0;             // by the other side
  bool end_after_answer = false;      // close the connection, so that the length is the connection's

 private:
  struct Connection {
    explicit Connection(asio::ip::tcp::socket from) : socket(std::move(from)) {}
    asio::ip::tcp::socket socket;
    std::string received;
    std::string answer;
  };
  using Held = std::shared_ptr<Connection>;

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, asio::ip::tcp::socket socket) {
      if (error) return;
      ++connections;
      read(std::make_shared<Connection>(std::move(socket)));
      accept();
    });
  }
  void read(const Held& held) {
    asio::async_read_until(held->socket, asio::dynamic_buffer(held->received), "\r\n\r\n",
                           [this, held](const boost::system::error_code& error, std::size_t size) {
                             if (error) {
                               ++closed;
                               return;
                             }
                             requests.push_back(held->received.substr(0, size));
                             held->received.erase(0, size);
                             reply(held);
                           });
  }
  void reply(const Held& held) {
    const auto text = answer_(requests.back());
    if (!text) return read(held);  // says nothing, and notices when the other side closes
    held->answer = *text;
    asio::async_write(held->socket, asio::buffer(held->answer), [this, held](const boost::system::error_code&, std::size_t) {
      boost::system::error_code ignored;
      if (end_after_answer) held->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      read(held);
    });
  }

  Answer answer_;
  asio::ip::tcp::acceptor acceptor_;
  unsigned short port_;
};

}  // namespace qeaas::test
