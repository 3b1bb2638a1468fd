// SPDX-License-Identifier: GPL-3.0-or-later
// The local socket as a front.
#include "local_front.hpp"

#include <algorithm>

namespace qeaas {

access::Decision LocalGate::admit(const local::Peer& /*peer*/, std::size_t bytes, TimePoint now) noexcept {
  charged_.reset();
  if (identity_.empty()) return access::Decision::ok();
  const auto& entries = reader_.table().entries();
  const auto entry = std::find_if(entries.begin(), entries.end(), [this](const auto& one) { return one.identity.name == identity_; });
  if (entry == entries.end() || !entry->enabled()) return access::Decision::no(Error::forbidden);
  const access::Instant instant{now, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())};
  auto decision = access_.take(*entry, bytes, instant);
  if (decision) charged_.emplace(*entry, instant);
  return decision;
}

void LocalGate::give_back(const local::Peer& /*peer*/, std::size_t bytes) noexcept {
  if (charged_) access::Access::give_back(*charged_, bytes);
  charged_.reset();
}

LocalFront::LocalFront(std::string identity, std::size_t worker, Service& service, access::Access& access)
    : gate_(access, std::move(identity)),
      site_{service.tap(worker), gate_, [&tap = service.tap(worker)] { return tap.ready_blocks(); },
            [&service](Bytes outside) { service.mix_in(outside); }, counters_} {}

Outcome<std::unique_ptr<LocalFront>> LocalFront::make(std::unique_ptr<local::Listener> listener, local::Permit permit,
                                                      const local::ServerOptions& options, std::string identity, std::size_t worker,
                                                      Service& service, access::Access& access) {
  std::unique_ptr<LocalFront> front(new LocalFront(std::move(identity), worker, service, access));
  auto server = local::Server::make(std::move(listener), std::move(permit), front->site_, options);
  if (!server) return tl::unexpected(server.error());
  front->server_ = std::move(*server);
  return front;
}

}  // namespace qeaas
