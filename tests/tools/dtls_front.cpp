// SPDX-License-Identifier: GPL-3.0-or-later
// qeaas_dtls_front, for the end-to-end tests: a DTLS server with the keys of a state folder that takes what is inside to a UDP port of the
// same machine, and brings back what that answers. With it a test's own server, which lies, speaks DTLS too. One session at a time counts.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <span>

#include "client/key_store.hpp"
#include "crypto/random.hpp"
#include "net/dtls_server.hpp"
#include "net/groups.hpp"
#include "net/ticket_keys.hpp"
#include "net/udp_socket.hpp"

namespace {

using namespace qeaas;

class Nobody : public IdentityResolver {
 public:
  std::optional<Psk> psk(std::string_view, std::span<std::uint8_t, kMaxPskBytes>) noexcept override { return std::nullopt; }
  std::uint64_t by_key(const SpkiHash&, KeyForm) noexcept override { return kAnonymous; }
  bool enabled(std::uint64_t) noexcept override { return true; }
};

class Front : public DtlsServer::Handler {
 public:
  Front(UdpSocket& outside, UdpSocket& inside, Address behind) : outside_(outside), inside_(inside), behind_(std::move(behind)) {}

  bool admit(const Address&, TimePoint) noexcept override { return true; }
  void on_open(DtlsSession& session, TimePoint) noexcept override { session_ = &session; }
  void on_data(DtlsSession& session, Bytes data, TimePoint) noexcept override {
    session_ = &session;
    inside_.send(behind_, data);
  }
  void on_close(DtlsSession& session) noexcept override {
    if (session_ == &session) session_ = nullptr;
  }

  [[noreturn]] void run(DtlsServer& server) {
    std::array<pollfd, 2> waiting{pollfd{outside_.descriptor(), POLLIN, 0}, pollfd{inside_.descriptor(), POLLIN, 0}};
    while (true) {
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(server.next_deadline(Clock::now()) - Clock::now()).count();
      ::poll(waiting.data(), waiting.size(), static_cast<int>(std::clamp<std::int64_t>(wait, 0, 1000)));
      for (const auto& datagram : outside_.receive().datagrams) server.on_datagram(*datagram.from, datagram.bytes, Clock::now());
      for (const auto& datagram : inside_.receive().datagrams) {
        if (session_ != nullptr) static_cast<void>(server.send(*session_, datagram.bytes));
      }
      server.on_timer(Clock::now());
      inside_.flush();
      outside_.flush();
    }
  }

 private:
  UdpSocket& outside_;
  UdpSocket& inside_;
  Address behind_;
  DtlsSession* session_ = nullptr;
};

Outcome<std::shared_ptr<TlsContext>> make_context(const char* state) {
  auto keys = load_or_make_server_keys(state);
  if (!keys) return tl::unexpected(keys.error());
  auto groups = parse_groups(std::vector<std::string>(std::begin(kDefaultGroups), std::end(kDefaultGroups)), false);
  if (!groups) return tl::unexpected(groups.error());
  TlsContextOptions options;
  for (auto& entry : keys->entries) options.credentials.push_back(std::move(entry.leaf));
  options.groups = std::move(*groups);
  return TlsContext::make(std::move(options), std::make_shared<TicketKeys>(1h, 2h), std::make_shared<Nobody>());
}

Outcome<void> serve(const char* state, const char* port) {
  auto context = make_context(state);
  if (!context) return tl::unexpected(context.error());
  auto behind = Address::parse(std::string("127.0.0.1:") + port);
  auto outside = UdpSocket::open(Address::parse("127.0.0.1:0").value(), kMaxDatagramBytes);
  auto inside = UdpSocket::open(Address::parse("127.0.0.1:0").value(), kMaxDatagramBytes);
  if (!behind) return tl::unexpected(Fault{behind.error(), "not a port"});
  if (!outside) return tl::unexpected(outside.error());
  if (!inside) return tl::unexpected(inside.error());
  Front front(**outside, **inside, *behind);
  DtlsServer server(*context, {}, **outside, front);
  std::cout << "listening on " << (*outside)->local().text() << std::endl;
  front.run(server);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (words.size() != 3 || !initialise_crypto(os_seed)) {
    std::cerr << "usage: qeaas_dtls_front STATE PORT\n";
    return 2;
  }
  const auto served = serve(words[1], words[2]);
  std::cerr << "qeaas_dtls_front: " << served.error().text << "\n";
  return 1;
}
