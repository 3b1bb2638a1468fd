// SPDX-License-Identifier: GPL-3.0-or-later
// The seam of the forward proxy (RFC 7252 5.7.2): whatever fetches from HTTP origins for the endpoint. The app binds it to
// net/http_fetcher.hpp; tests bring their own.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "wire/fetch.hpp"

namespace qeaas::coap {

// Forwarder decides which origins may be asked. It belongs to the endpoint's thread.
class Forwarder {
 public:
  using Ticket = std::uint64_t;
  // Done is called once for each fetch that is not cancelled, never inside start. Errors as in net/http_fetcher.hpp.
  using Done = std::function<void(Result<FetchAnswer> answer, TimePoint now)>;
  virtual ~Forwarder() = default;
  // start: refused when the origin is not allowed, no_space when too many fetches are under way.
  virtual Result<Ticket> start(const FetchRequest& request, Done done) = 0;
  // cancel: Done is not called after it.
  virtual void cancel(Ticket ticket) noexcept = 0;
};

// Proxy is what the endpoint is told about proxying. Without a forwarder it is no proxy.
struct Proxy {
  Forwarder* forwarder = nullptr;
  bool plain = false;                      // also for peers on a plain channel, once their address is proved
  std::size_t cache_bytes = 0;             // 0: nothing is cached
  std::vector<std::uint16_t> own_ports{};  // where our own HTTP listens: answers from such a port may be entropy and are never cached
  std::size_t max_body_bytes = 65'536;     // of a fetch: what one that was too large is taken to have cost its origin
};

}  // namespace qeaas::coap
