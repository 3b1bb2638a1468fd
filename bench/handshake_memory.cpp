// SPDX-License-Identifier: GPL-3.0-or-later
// The floor of a handshake: DtlsServer and DtlsClient joined by function calls, ML-KEM-512 and ML-DSA-44, cookie and tickets as
// qeaasd has them. Only the server's calls are timed, with the thread's CPU clock. Sessions stay open, as those of a server do that is
// measured by opening them: each needs memory of its own. With "close" each is closed, untimed, and the next one finds its memory warm.
// usage: handshake_memory COUNT [keep|close] [GROUP] [ML-DSA-44|ML-DSA-65|ML-DSA-87|P-256]
// prints "memory count=... server_us=... server_std=... clock_us=..."
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>

#include "net/signatures.hpp"
#include "net/test_network.hpp"

namespace {

using namespace qeaas;

double cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

class Joined final : public DatagramSink, public DtlsServer::Handler {
 public:
  Joined(bool keep, const std::string& group, const std::string& certificate) : keep_(keep), group_(group) {
    auto& authority = testing_net::authority();
    TlsContextOptions options;
    options.credentials.push_back(testing_net::Authority::credential(authority.of(find_signature(certificate).value())));
    options.groups = parse_groups(std::vector<std::string>{"MLKEM512", "X25519MLKEM768", "P-256", "X25519"}, false).value();
    auto context = TlsContext::make(std::move(options), std::make_shared<TicketKeys>(1h, 24h), std::make_shared<testing_net::Identities>());
    server_.emplace(*context, DtlsServerOptions{}, *this, *this);
  }
  ~Joined() override { server_.reset(); }

  // handshake gives the microseconds that the server took, closing the session not included.
  double handshake() {
    address_.set_port(static_cast<std::uint16_t>(1024 + ++count_ % 60000));
    DtlsClientOptions options;
    options.server_name = "localhost";
    options.groups = parse_groups(std::vector<std::string>{group_}, false).value();
    options.verify = false;
    auto client = DtlsClient::make(
                      std::move(options), [this](Bytes bytes) { to_server_.emplace_back(bytes.begin(), bytes.end()); }, [](Bytes) {})
                      .value();
    client->start(now_);
    double spent = 0;
    while (!to_server_.empty() || !to_client_.empty()) {
      const double began = cpu_us();
      for (; !to_server_.empty(); to_server_.pop_front()) server_->on_datagram(address_, to_server_.front(), now_);
      spent += cpu_us() - began;
      for (; !to_client_.empty(); to_client_.pop_front()) client->on_datagram(to_client_.front(), now_);
    }
    if (client->state() != DtlsClient::State::established) std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    if (!keep_) client->close();
    for (; !to_server_.empty(); to_server_.pop_front()) server_->on_datagram(address_, to_server_.front(), now_);
    to_client_.clear();
    return spent;
  }

  void send(const Address& /*to*/, Bytes datagram) noexcept override { to_client_.emplace_back(datagram.begin(), datagram.end()); }
  bool admit(const Address& /*from*/, TimePoint /*now*/) noexcept override { return true; }
  void on_open(DtlsSession& /*session*/, TimePoint /*now*/) noexcept override {}
  void on_data(DtlsSession& /*session*/, Bytes /*data*/, TimePoint /*now*/) noexcept override {}
  void on_close(DtlsSession& /*session*/) noexcept override {}

 private:
  bool keep_;
  std::string group_;
  Address address_ = Address::parse("10.0.0.1:1024").value();
  TimePoint now_ = Clock::now();
  std::deque<std::vector<std::uint8_t>> to_server_;
  std::deque<std::vector<std::uint8_t>> to_client_;
  std::optional<DtlsServer> server_;
  unsigned count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 100;  // NOLINT(cert-err34-c)
  const bool keep = argc <= 2 || std::string_view(argv[2]) == "keep";
  Joined joined(keep, argc > 3 ? argv[3] : "MLKEM512", argc > 4 ? argv[4] : "ML-DSA-44");
  for (int i = 0; i < 10; ++i) joined.handshake();
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < count; ++i) {
    const double spent = joined.handshake();
    sum += spent;
    squares += spent * spent;
  }
  double clock = cpu_us();  // what reading the clock itself costs
  for (int i = 0; i < 1000; ++i) clock += 0 * cpu_us();
  clock = (cpu_us() - clock) / 1001;
  const double mean = sum / count;
  std::printf("memory count=%d server_us=%.1f server_std=%.1f clock_us=%.3f\n", count, mean,
              std::sqrt(std::max(0.0, squares / count - mean * mean)), clock);
  return 0;
}
