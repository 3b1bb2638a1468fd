// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon puts into the proxy's seam of the CoAP endpoint: an HTTP fetcher on the worker's own loop. One a worker.
#pragma once

#include "coap/forwarder.hpp"
#include "net/http_fetcher.hpp"

namespace qeaas {

// ProxyOptions is the proxy of one worker.
struct ProxyOptions {
  bool enabled = false;
  bool plain = false;
  std::size_t cache_bytes = 0;
  std::vector<std::uint16_t> own_ports;  // where our own HTTP listens
  HttpFetcherOptions fetch;
};

class HttpForwarder final : public coap::Forwarder {
 public:
  // afterwards is called after each answer that the endpoint took, so that the worker sends what is queued and sets its timer.
  HttpForwarder(boost::asio::io_context& loop, const ProxyOptions& options, std::function<void()> afterwards)
      : afterwards_(std::move(afterwards)), fetcher_(loop, options.fetch) {}
  Result<Ticket> start(const FetchRequest& request, Done done) override {
    return fetcher_.start(request, [this, done = std::move(done)](Result<FetchAnswer> answer) {
      done(std::move(answer), Clock::now());
      afterwards_();
    });
  }
  void cancel(Ticket ticket) noexcept override { fetcher_.cancel(ticket); }

 private:
  std::function<void()> afterwards_;
  HttpFetcher fetcher_;
};

}  // namespace qeaas
