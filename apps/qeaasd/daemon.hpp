// SPDX-License-Identifier: GPL-3.0-or-later
// Daemon: joins the parts (service, identities, keys, workers) and runs them until a signal says stop. The order of the members is
// the order of the stream, so that they end in the opposite one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "access/access.hpp"
#include "config.hpp"
#include "identities.hpp"
#include "inherited.hpp"
#include "local/site.hpp"
#include "service/service.hpp"
#include "worker.hpp"

namespace qeaas {

class Daemon {
 public:
  // config_argument is what --config gave; a reload reads the same place again.
  Daemon(Config config, std::string config_argument, std::filesystem::path state);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // start brings everything up: sources healthy, keys there, sockets bound. A fault leaves nothing running.
  Outcome<void> start();
  // run serves until SIGTERM or SIGINT, then drains. SIGHUP reloads certificates, groups and limits.
  void run();

 private:
  Outcome<void> start_service();
  Outcome<void> open_sockets();
  Outcome<void> make_workers();
  http::Reports make_reports();
  Outcome<std::vector<std::unique_ptr<UdpSocket>>> udp_sockets(const Address& wanted) const;
  // A null context: without encryption.
  Outcome<void> open_datagram(const std::string& text, const std::shared_ptr<const TlsContext>& context);
  Outcome<void> open_stream(const std::string& text, const std::shared_ptr<const TlsContext>& context);
  Outcome<std::shared_ptr<const TlsContext>> make_context(const TlsConfig& config, Transport transport,
                                                          const std::shared_ptr<TicketKeys>& tickets);
  struct Fresh {
    std::shared_ptr<TicketKeys> tickets;
    std::shared_ptr<const TlsContext> context;
  };
  Outcome<Fresh> renewed(const TlsConfig& fresh, const TlsConfig& old, Transport transport, const std::shared_ptr<TicketKeys>& tickets);
  Outcome<void> reload();
  Outcome<void> renew_certificates();
  void housekeeping();
  void log_ledger() const;

  Config config_;
  std::string config_argument_;
  std::filesystem::path state_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<access::Access> access_;
  std::shared_ptr<Identities> identities_;
  std::shared_ptr<TicketKeys> coaps_tickets_;
  std::shared_ptr<TicketKeys> https_tickets_;
  SessionCensus census_;
  InheritedSockets inherited_;
  std::vector<std::unique_ptr<Worker>> workers_;
  const local::Counters* local_counters_ = nullptr;  // of the front of a worker, if there is a local socket
  TimePoint renew_at_ = TimePoint::max();
};

}  // namespace qeaas
