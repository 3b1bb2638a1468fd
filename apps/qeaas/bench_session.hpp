// SPDX-License-Identifier: GPL-3.0-or-later
// One session of `qeaas bench`: a channel and a client on it, a request, and what both moved over the network. Unlike ServerLink it never
// asks twice: what goes wrong is a sample that failed.
#pragma once

#include <memory>

#include "bench_book.hpp"
#include "client/coap_client.hpp"
#include "client/server_link.hpp"

namespace qeaas::cli {

// BenchTarget is what is asked, of whom, and how often.
struct BenchTarget {
  OpenChannel open;
  CoapClientOptions coap;
  CoapRequest request;       // of every measure but cycle
  CoapRequest cycle;         // through a proxy, to /random_number/n
  std::uint32_t bytes = 32;  // of entropy in one answer
  bool exact = false;        // the payload of an answer to `request` must have that size
  std::size_t path_mtu = 1280;
  std::size_t count = 100;
  std::size_t warmup = 5;
  Clock::duration pause{};
  std::function<void(Clock::duration)> wait;  // sleeps
};

// BenchTraffic counts UDP datagrams and the bytes in them.
struct BenchTraffic {
  std::size_t datagrams_out = 0;
  std::size_t datagrams_in = 0;
  std::size_t bytes_out = 0;
  std::size_t bytes_in = 0;
  friend BenchTraffic operator-(const BenchTraffic& a, const BenchTraffic& b) noexcept {
    return {a.datagrams_out - b.datagrams_out, a.datagrams_in - b.datagrams_in, a.bytes_out - b.bytes_out, a.bytes_in - b.bytes_in};
  }
};

class BenchSession {
 public:
  // open makes a handshake; with an empty ticket it is a full one, or one by PSK.
  static Answered<BenchSession> open(const BenchTarget& target, SessionTicket ticket = nullptr);

  // ask gives the payload of a 2.xx response. Errors: those of CoapClient::get; malformed when it has another size than the target wants.
  Answered<SecretBytes> ask(const BenchTarget& target, const CoapRequest& request);
  BenchTraffic traffic() const noexcept;
  BenchPeer peer() const { return peer_of(channel_->report()); }
  const ClientStatistics& statistics() const noexcept { return client_->statistics(); }
  Channel& channel() noexcept { return *channel_; }

 private:
  explicit BenchSession(std::unique_ptr<Channel> channel, const CoapClientOptions& options)
      : channel_(std::move(channel)), client_(std::make_unique<CoapClient>(*channel_, options)) {}
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<CoapClient> client_;
};

// require_session opens one if there is none, and makes a request that is not measured: a challenge (RFC 9175), tickets and
// acknowledgements of the handshake are then out of the way.
Answered<void> require_session(const BenchTarget& target, const CoapRequest& request, std::optional<BenchSession>& session);

inline double microseconds(Clock::duration time) noexcept { return std::chrono::duration<double, std::micro>(time).count(); }

// measure_repeatedly takes the warm-up and the samples of one run. Failures are counted in the book; the first three in a row before any
// success, or ten later, end the run. A server that says when to try again is waited for, at most ten seconds.
using BenchOnce = std::function<Answered<std::pair<BenchRow, std::optional<BenchPeer>>>()>;
void measure_repeatedly(const BenchTarget& target, BenchBook& book, const BenchOnce& once);

}  // namespace qeaas::cli
