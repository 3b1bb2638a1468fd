// SPDX-License-Identifier: GPL-3.0-or-later
// Fleet: many DTLS clients behind one HostNet, driven by one thread: handshakes with a bounded number under way, then messages.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host_net.hpp"
#include "net/dtls_client.hpp"

namespace qeaas::bench {

struct Host {
  std::uint32_t id = 0;  // of the HostNet
  std::unique_ptr<DtlsClient> client;
  std::uint16_t message_id = 0;
  bool waiting = false;            // for an answer
  std::size_t sent_bytes = 0;      // size of the last datagram out
  std::size_t received_bytes = 0;  // size of the last datagram in
};

class Fleet {
 public:
  using OnMessage = std::function<void(Host&, Bytes)>;
  using MakeOptions = std::function<DtlsClientOptions()>;
  static constexpr std::uint32_t kSpoofed = HostNet::kHosts / 2;  // hosts from here on have no client

  explicit Fleet(const Address& server) : net_(server) {}
  void on_message(OnMessage deliver) { deliver_ = std::move(deliver); }

  // add begins one handshake.
  Host& add(DtlsClientOptions options);
  // remove ends one client without a word to the server.
  void remove(Host& host);
  // open completes count handshakes, at_once at a time, and gives how many succeeded within the limit.
  std::size_t open(std::size_t count, const MakeOptions& options, std::size_t at_once, Clock::duration limit);
  // pump sends what is queued, waits at most wait_ms, and serves one batch and the timers; gives the number of datagrams.
  std::size_t pump(int wait_ms);
  // settle pumps until nothing has come for quiet_ms.
  void settle(int quiet_ms);

  Host& at(std::size_t index) { return *hosts_[index]; }
  std::size_t size() const { return hosts_.size(); }
  HostNet& net() { return net_; }
  std::uint64_t spoofed_answers() const { return spoofed_answers_; }

 private:
  void serve_timers(TimePoint now);
  HostNet net_;
  OnMessage deliver_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<std::uint32_t> place_;  // host id to place in hosts_, plus one; 0 when it is gone
  std::vector<Host*> opening_;
  TimePoint timers_served_{};
  std::uint64_t spoofed_answers_ = 0;
};

// fleet_options are options of a client that checks nothing, for servers that are measured and not the client.
DtlsClientOptions unverified(const std::string& group);

}  // namespace qeaas::bench
