// SPDX-License-Identifier: GPL-3.0-or-later
// Daemon: the workers and what they listen on. Every worker has a socket of its own for each address; the kernel spreads the clients.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/log.hpp"
#include "crypto/random.hpp"
#include "daemon.hpp"
#include "local_setup.hpp"
#include "metrics.hpp"
#include "reports.hpp"
#include "setup.hpp"

namespace qeaas {
namespace {

Outcome<Address> listen_address(const std::string& text) {
  auto address = Address::parse(text);
  if (!address) return fault(Error::malformed, "listen address '" + text + "' is not ADDRESS:PORT");
  return *address;
}

std::vector<std::uint16_t> ports_of(const Config& config) {
  std::vector<std::uint16_t> ports;
  for (const auto* list : {&config.http.listen, &config.https.listen})
    for (const auto& text : *list)
      if (const auto listen = parse_listen(text)) ports.push_back(listen->port);
  return ports;
}

bool has_ipv6_loopback() {
  static const bool has = UdpSocket::open(*Address::parse("[::1]:0"), kIpUdpHeaderBytes + 1).has_value();
  return has;
}

// usable leaves out [::1] and [::] on a machine without IPv6, such as many containers, where another address of the section remains: the
// built-in lists, and the configuration of the container image, name both families.
std::vector<std::string> usable(const std::vector<std::string>& listen, const std::string& section) {
  const auto is_ipv6 = [](const std::string& text) { return text.starts_with("[::1]:") || text.starts_with("[::]:"); };
  if (has_ipv6_loopback() || std::ranges::all_of(listen, is_ipv6)) return listen;
  std::vector<std::string> left;
  for (const auto& text : listen) {
    if (is_ipv6(text))
      log::warning("[" + section + "] listen " + text + " is left out: this machine has no IPv6 loopback");
    else
      left.push_back(text);
  }
  return left;
}

Outcome<std::vector<std::unique_ptr<UdpSocket>>> adopt_udp(std::vector<FileDescriptor> passed, std::size_t workers, std::size_t mtu) {
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  for (auto& one : passed) {
    auto socket = UdpSocket::adopt(std::move(one), mtu);
    if (!socket) return tl::unexpected(socket.error());
    sockets.push_back(std::move(*socket));
  }
  const auto text = sockets.front()->local().text();
  if (sockets.size() > workers)
    return fault(Error::out_of_range, "more sockets at " + text +
                                          " were passed than there are workers: a session would be lost with each; raise [server] workers");
  if (sockets.size() < workers)
    log::warning(std::to_string(sockets.size()) + " of " + std::to_string(workers) + " workers serve " + text +
                 ": to have all of them do, pass " + std::to_string(workers) + " sockets (ListenDatagram= as often, with ReusePort=yes)");
  return sockets;
}

// Workers that share a socket take turns at it.
Outcome<std::unique_ptr<TcpListener>> adopt_tcp(const FileDescriptor& passed) {
  FileDescriptor copy(::fcntl(passed.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return explain(from_errno(errno), "a TCP socket that was passed on");
  return TcpListener::adopt(std::move(copy));
}

std::string text_or_empty(const Result<std::string>& text) { return text.value_or(std::string()); }

}  // namespace

http::Reports Daemon::make_reports() {
  http::Reports reports;
  reports.sources = [this] { return make_report(*service_); };
  reports.statistics = [this] { return text_or_empty(to_json(make_statistics_report(*service_))); };
  reports.alarms = [this] { return text_or_empty(to_json(make_alarms_report(*service_))); };
  reports.sessions = [this] { return text_or_empty(to_json(make_sessions_report(census_, workers_))); };
  reports.metrics = [this] { return write_metrics(make_report(*service_), census_, workers_, local_counters_); };
  reports.ready = [this] { return service_->ready(); };
  return reports;
}

Outcome<void> Daemon::make_workers() {
  const auto workers = service_->options().workers;
  auto proxy = proxy_options(config_.proxy, ports_of(config_));
  if (!proxy) return tl::unexpected(proxy.error());
  WorkerOptions options;
  options.rates = address_rates(config_.limits);
  options.proxy = std::move(*proxy);
  options.features = http_features(config_.http);
  options.reports = make_reports();
  options.http = http_server_options(config_, workers);
  options.census = &census_;
  for (std::size_t i = 0; i < workers; ++i) {
    Secret<32> seed;
    if (!seed_bytes(seed.span())) return explain(Error::starved, "seed of a worker");
    options.index = i;
    options.dtls = dtls_server_options(config_.coaps, i, workers);
    options.dtls.census = &census_;
    workers_.push_back(std::make_unique<Worker>(options, *service_, *access_, std::move(seed)));
  }
  return {};
}

// udp_sockets binds one for every worker.
Outcome<std::vector<std::unique_ptr<UdpSocket>>> Daemon::udp_sockets(const Address& wanted) const {
  const auto address = free_address(wanted);
  if (!address) return tl::unexpected(address.error());
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto socket = UdpSocket::open(*address, config_.coaps.mtu);
    if (!socket) return tl::unexpected(socket.error());
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

// open_datagram gives every worker a socket at one UDP address. Sessions belong to one worker, so that a socket cannot be shared: where the
// service manager passed fewer than there are workers, the others serve none.
Outcome<void> Daemon::open_datagram(const std::string& text, const std::shared_ptr<const TlsContext>& context) {
  auto address = listen_address(text);
  if (!address) return tl::unexpected(address.error());
  auto passed = inherited_.take(SOCK_DGRAM, *address);
  auto opened = passed.empty() ? udp_sockets(*address) : adopt_udp(std::move(passed), workers_.size(), config_.coaps.mtu);
  if (!opened) return tl::unexpected(opened.error());
  auto& sockets = *opened;
  *address = sockets.front()->local();
  if (sockets.size() > 1 && !steer_by_worker(*sockets.front()))
    log::warning("no steering by connection ID on this kernel; a client that changes its address may have to begin anew");
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (context)
      workers_[i]->add_coaps(std::move(sockets[i]), context);
    else
      workers_[i]->add_coap(std::move(sockets[i]));
  }
  log::info("listening on " + address->text());
  return {};
}

// open_stream does the same for TCP.
Outcome<void> Daemon::open_stream(const std::string& text, const std::shared_ptr<const TlsContext>& context) {
  auto address = listen_address(text);
  if (!address) return tl::unexpected(address.error());
  const auto passed = inherited_.take(SOCK_STREAM, *address);
  if (passed.empty()) address = free_tcp_address(*address);
  if (!address) return tl::unexpected(address.error());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto listener = passed.empty() ? TcpListener::open(*address) : adopt_tcp(passed[i % passed.size()]);
    if (!listener) return tl::unexpected(listener.error());
    *address = (*listener)->local();
    if (auto added = workers_[i]->add_http(std::move(*listener), context); !added) return added;
  }
  log::info(std::string("listening on ") + (context ? "https://" : "http://") + address->text());
  return {};
}

Outcome<void> Daemon::open_sockets() {
  if (auto made = make_workers(); !made) return made;
  const auto open = [](const std::vector<std::string>& listen, const char* section, auto&& each) -> Outcome<void> {
    for (const auto& text : usable(listen, section))
      if (auto opened = each(text); !opened) return opened;
    return {};
  };
  const auto datagrams = [&](const std::shared_ptr<const TlsContext>& context) {
    return [this, context](const std::string& text) { return open_datagram(text, context); };
  };
  const auto streams = [&](const std::shared_ptr<const TlsContext>& context) {
    return [this, context](const std::string& text) { return open_stream(text, context); };
  };
  if (config_.coaps.enabled) {
    const auto context = make_context(config_.coaps, Transport::datagram, coaps_tickets_);
    if (!context) return tl::unexpected(context.error());
    if (auto opened = open(config_.coaps.listen, "coaps", datagrams(*context)); !opened) return opened;
  }
  if (config_.coap.enabled) {
    log::warning("plain CoAP is on: nothing is encrypted or verified there; for tests and trusted wires only");
    if (auto opened = open(config_.coap.listen, "coap", datagrams(nullptr)); !opened) return opened;
  }
  if (config_.http.enabled)
    if (auto opened = open(config_.http.listen, "http", streams(nullptr)); !opened) return opened;
  auto local = open_local(config_.local, inherited_, 0, *service_, *access_);
  if (!local) return tl::unexpected(local.error());
  if (*local) {
    local_counters_ = &(*local)->counters();
    workers_.front()->add(std::move(*local));
  }
  if (config_.https.enabled) {
    const auto context = make_context(config_.https, Transport::stream, https_tickets_);
    if (!context) return tl::unexpected(context.error());
    if (auto opened = open(config_.https.listen, "https", streams(*context)); !opened) return opened;
  }
  if (const auto rest = inherited_.rest(); !rest.empty())
    return fault(Error::unknown,
                 "the service manager passed a socket at " + rest.front() + ", where no section of the configuration listens");
  return {};
}

}  // namespace qeaas
