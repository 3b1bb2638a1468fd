// SPDX-License-Identifier: GPL-3.0-or-later
// The local Unix socket as a front of one worker: what it is given from the service and the access table, and the server itself.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "access/access.hpp"
#include "fronts.hpp"
#include "local/server.hpp"
#include "service/service.hpp"

namespace qeaas {

// LocalGate charges every local client to one identity, looked up by its name for each request; without a name, to nobody.
class LocalGate final : public local::Gate {
 public:
  LocalGate(access::Access& access, std::string identity) : access_(access), reader_(access), identity_(std::move(identity)) {}
  access::Decision admit(const local::Peer& peer, std::size_t bytes, TimePoint now) noexcept override;
  void give_back(const local::Peer& peer, std::size_t bytes) noexcept override;

 private:
  access::Access& access_;
  access::Reader reader_;
  std::string identity_;
  std::optional<access::Charge> charged_;  // of the last admit, for give_back
};

class LocalFront final : public Front {
 public:
  // make: errors no_space, io. The service, the access table and the counters outlive the front.
  static Outcome<std::unique_ptr<LocalFront>> make(std::unique_ptr<local::Listener> listener, local::Permit permit,
                                                   const local::ServerOptions& options, std::string identity, std::size_t worker,
                                                   Service& service, access::Access& access);
  int descriptor() const noexcept override { return server_->descriptor(); }
  void on_ready(TimePoint now) noexcept override { server_->on_ready(now); }
  void on_timer(TimePoint now) noexcept override { server_->on_timer(now); }
  TimePoint next_deadline(TimePoint now) const noexcept override { return server_->next_deadline(now); }
  void drain(TimePoint now) noexcept override { server_->drain(now); }
  void close() noexcept override { server_->close(); }
  bool busy() const noexcept override { return server_->busy(); }
  const local::Counters& counters() const noexcept { return counters_; }

 private:
  LocalFront(std::string identity, std::size_t worker, Service& service, access::Access& access);
  local::Counters counters_;
  LocalGate gate_;
  local::Site site_;
  std::unique_ptr<local::Server> server_;
};

}  // namespace qeaas
