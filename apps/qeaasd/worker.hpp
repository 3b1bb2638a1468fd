// SPDX-License-Identifier: GPL-3.0-or-later
// Worker: one thread with its own event loop, sockets, sessions, endpoint and tap. Workers share nothing that changes but the
// identity table and the ticket keys. Everything but post and the thread's end happens on the worker's own thread.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "forwarder.hpp"
#include "fronts.hpp"

namespace qeaas {

struct WorkerOptions {
  std::size_t index = 0;
  DtlsServerOptions dtls;
  AddressRates rates;
  ProxyOptions proxy;
  http::Features features;
  http::Reports reports;
  http::ServerOptions http;
  SessionCensus* census = nullptr;  // outlives the worker
};

class Worker {
 public:
  Worker(const WorkerOptions& options, Service& service, access::Access& access, Secret<32> endpoint_seed);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before start: the sockets.
  void add_coaps(std::unique_ptr<UdpSocket> socket, std::shared_ptr<const TlsContext> context);
  void add_coap(std::unique_ptr<UdpSocket> socket);
  // A null context: plain HTTP.
  Outcome<void> add_http(std::unique_ptr<TcpListener> listener, std::shared_ptr<const TlsContext> context);
  void add(std::unique_ptr<Front> front) { fronts_.push_back(std::move(front)); }
  void start();

  // Counters: any thread may read.
  const http::Counters& http_counters() const noexcept { return http_counters_; }
  const coap::Counters& coap_counters() const noexcept { return endpoint_->counters(); }
  Draw& draw() noexcept { return draw_; }
  AccessGate& gate() noexcept { return gate_; }

  // From any thread: these reach the worker through its loop.
  void use_context(std::shared_ptr<const TlsContext> context);
  void use_rates(const AddressRates& rates);
  // drain takes in nobody new, waits until no download is under way or the time is up, says goodbye and ends the thread.
  void drain(Clock::duration limit);
  void join();

 private:
  struct Loop;  // Asio stays out of this header
  void watch(std::size_t front);
  void serve(std::size_t index) noexcept;
  void tick() noexcept;
  void arm() noexcept;
  coap::Proxy make_proxy();
  bool busy() const noexcept;
  void finish() noexcept;

  WorkerOptions options_;
  Draw& draw_;
  AccessGate gate_;
  http::Counters http_counters_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<http::Site> site_;
  std::unique_ptr<HttpForwarder> forwarder_;  // null: no proxy
  std::unique_ptr<coap::Endpoint> endpoint_;
  std::vector<std::unique_ptr<Front>> fronts_;
  TimePoint armed_for_ = TimePoint::max();
  TimePoint drain_until_ = TimePoint::max();
  bool draining_ = false;
  std::thread thread_;
};

}  // namespace qeaas
