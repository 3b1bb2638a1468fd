// SPDX-License-Identifier: GPL-3.0-or-later
#include "fleet.hpp"

#include <algorithm>

#include "net/groups.hpp"

namespace qeaas::bench {

DtlsClientOptions unverified(const std::string& group) {
  DtlsClientOptions options;
  options.server_name = "127.0.0.1";
  auto groups = parse_groups(std::vector<std::string>{group}, false);
  if (!groups) die(groups.error().text);
  options.groups = std::move(*groups);
  options.verify = false;
  return options;
}

Host& Fleet::add(DtlsClientOptions options) {
  auto& host = *hosts_.emplace_back(std::make_unique<Host>());
  host.id = static_cast<std::uint32_t>(place_.size());
  if (host.id >= kSpoofed) die("too many hosts");
  place_.push_back(static_cast<std::uint32_t>(hosts_.size()));
  auto client = DtlsClient::make(
      std::move(options),
      [this, &host](Bytes datagram) {
        host.sent_bytes = datagram.size();
        net_.send(host.id, datagram);
      },
      [this, &host](Bytes message) {
        if (deliver_) deliver_(host, message);
      });
  if (!client) die(client.error().text);
  host.client = std::move(*client);
  host.client->start(Clock::now());
  opening_.push_back(&host);
  return host;
}

void Fleet::remove(Host& host) {
  std::erase(opening_, &host);
  const auto place = place_[host.id] - 1;
  place_[host.id] = 0;
  if (place + 1 != hosts_.size()) {
    std::swap(hosts_[place], hosts_.back());
    place_[hosts_[place]->id] = place + 1;
  }
  hosts_.pop_back();
}

std::size_t Fleet::open(std::size_t count, const MakeOptions& options, std::size_t at_once, Clock::duration limit) {
  const auto before = hosts_.size();
  const auto end = Clock::now() + limit;
  while (Clock::now() < end && (hosts_.size() - before < count || !opening_.empty())) {
    while (opening_.size() < at_once && hosts_.size() - before < count) add(options());
    pump(1);
  }
  settle(20);
  return static_cast<std::size_t>(std::count_if(hosts_.begin() + static_cast<std::ptrdiff_t>(before), hosts_.end(),
                                                [](const auto& host) { return host->client->state() == DtlsClient::State::established; }));
}

std::size_t Fleet::pump(int wait_ms) {
  net_.flush();
  TimePoint now = Clock::now();
  const auto count = net_.receive(wait_ms, [&](std::uint32_t id, Bytes datagram) {
    if (id >= kSpoofed) {
      ++spoofed_answers_;
      return;
    }
    if (id >= place_.size() || place_[id] == 0) return;
    auto& host = *hosts_[place_[id] - 1];
    host.received_bytes = datagram.size();
    host.client->on_datagram(datagram, now);
  });
  now = Clock::now();
  if (!opening_.empty()) serve_timers(now);
  net_.flush();
  return count;
}

void Fleet::settle(int quiet_ms) {
  while (pump(quiet_ms) > 0) {
  }
}

void Fleet::serve_timers(TimePoint now) {
  std::erase_if(opening_, [](const Host* host) { return host->client->state() != DtlsClient::State::handshaking; });
  if (now - timers_served_ < 5ms) return;
  timers_served_ = now;
  for (auto* host : opening_)
    if (host->client->next_deadline() <= now) host->client->on_timer(now);
}

}  // namespace qeaas::bench
