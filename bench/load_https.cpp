// SPDX-License-Identifier: GPL-3.0-or-later
// Full TLS 1.3 handshakes over TCP against any server, one thread: connect, handshake, close_notify, wait for the server's end. The
// chain is verified for localhost; nothing is resumed.
// usage: load https --port N --count N --at-once N --group NAME --ca FILE
//   prints "https completed=... seconds=... group=... signature=..." (of the last handshake)
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/handle.hpp"
#include "crypto/cert.hpp"
#include "load.hpp"
#include "net/test_tls.hpp"

namespace qeaas::bench {
namespace {

using testing_net::TlsClientOptions;
using testing_net::TlsTestClient;

class HttpsClient {
 public:
  HttpsClient(const Address& server, const TlsClientOptions& options)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), tls_(copy(options)) {
    if (!socket_) die("no socket");
    if (::connect(socket_.get(), server.data(), server.size()) != 0 && errno != EINPROGRESS) die("cannot connect");
  }

  pollfd interest() const {
    const bool sending = !open_ || !tls_.out.empty();
    return {socket_.get(), static_cast<short>(POLLIN | (sending ? POLLOUT : 0)), 0};
  }
  // advance does what the events allow; false when the connection is over.
  bool advance(short events) {
    open_ = open_ || (events & POLLOUT) != 0;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive()) return false;
    if (!leaving_) tls_.step();
    if (tls_.error != 0 && !leaving_) return false;
    if (tls_.connected && !leaving_) {
      tls_.goodbye();
      leaving_ = true;
    }
    return send();
  }
  // completed: the handshake was done, and the server has closed in its turn, so that all of its work is counted.
  bool completed() const { return leaving_; }
  std::string group() { return tls_.group(); }
  std::string signature() const { return tls_.server_signature ? std::string(name(*tls_.server_signature)) : "none"; }

 private:
  static TlsClientOptions copy(const TlsClientOptions& options) {
    TlsClientOptions made;
    made.base = options.base.duplicate();
    return made;
  }
  bool receive() {
    std::array<std::uint8_t, 16384> room;
    const auto size = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (size > 0) tls_.in.insert(tls_.in.end(), room.begin(), room.begin() + size);
    return size > 0 || (size < 0 && errno == EAGAIN);
  }
  bool send() {
    if (!open_ || tls_.out.empty()) return true;
    const auto size = ::send(socket_.get(), tls_.out.data(), tls_.out.size(), MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN;
    tls_.out.erase(tls_.out.begin(), tls_.out.begin() + size);
    if (leaving_ && tls_.out.empty()) ::shutdown(socket_.get(), SHUT_WR);
    return true;
  }

  FileDescriptor socket_;
  TlsTestClient tls_;
  bool open_ = false;
  bool leaving_ = false;
};

TlsClientOptions options_of(const Arguments& arguments) {
  TlsClientOptions options;
  options.base.server_name = "localhost";
  auto groups = parse_groups(std::vector<std::string>{arguments.text("group", "X25519")}, false);
  if (!groups) die(groups.error().text);
  options.base.groups = std::move(*groups);
  std::ifstream file(arguments.text("ca"), std::ios::binary);
  const std::string pem{std::istreambuf_iterator<char>(file), {}};
  auto roots = certificates_from_pem(bytes_of(pem));
  if (!roots) die("--ca holds no certificates");
  options.base.roots = std::move(*roots);
  return options;
}

}  // namespace

void measure_https(const Arguments& arguments) {
  const auto options = options_of(arguments);
  const auto server = arguments.server();
  const auto count = static_cast<std::size_t>(arguments.number("count", 100));
  const auto at_once = static_cast<std::size_t>(arguments.number("at-once", 16));
  const auto began = Clock::now();
  std::vector<std::unique_ptr<HttpsClient>> open;
  std::string group = "none";
  std::string signature = "none";
  std::size_t begun = 0;
  std::size_t completed = 0;
  while (begun < count || !open.empty()) {
    for (; begun < count && open.size() < at_once; ++begun) open.push_back(std::make_unique<HttpsClient>(server, options));
    std::vector<pollfd> watched;
    watched.reserve(open.size());
    for (const auto& client : open) watched.push_back(client->interest());
    if (::poll(watched.data(), watched.size(), 5000) <= 0) die("the server does not answer");
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (watched[i].revents == 0 || open[i]->advance(watched[i].revents)) continue;
      completed += open[i]->completed() ? 1 : 0;
      group = open[i]->group();
      signature = open[i]->signature();
      open[i].reset();
    }
    std::erase(open, nullptr);
  }
  std::printf("https completed=%zu seconds=%.4f group=%s signature=%s\n", completed,
              std::chrono::duration<double>(Clock::now() - began).count(), group.c_str(), signature.c_str());
}

}  // namespace qeaas::bench
