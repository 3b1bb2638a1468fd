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
  Outcome<std::shared_ptr<const TlsContext>> make_context(const CoapsConfig& config);
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
  std::shared_ptr<TicketKeys> tickets_;
  std::vector<std::unique_ptr<Worker>> workers_;
  TimePoint renew_at_ = TimePoint::max();
};

}  // namespace qeaas
