// SPDX-License-Identifier: GPL-3.0-or-later
// HttpFetcher: GET from listed http and https origins, by libcurl on the caller's own event loop. It stands behind the CoAP proxy. Every
// address is checked on the very socket that is about to be connected, after resolution, so that a name which changes its mind between
// check and use gains nothing. Redirects are followed here, to listed origins only. One thread: that of the loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "wire/fetch.hpp"

namespace boost::asio {
class io_context;
}

namespace qeaas {

struct HttpFetcherOptions {
  OriginList origins;
  std::size_t max_body_bytes = 65'536;
  std::chrono::milliseconds timeout{10'000};  // for name, connection, redirects and body together
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t max_concurrent = 16;
  unsigned max_redirects = 3;
  std::string ca_file;                      // PEM; empty: the system's
  std::vector<std::string> resolved_names;  // "name:port:address[,address]" known beforehand, as CURLOPT_RESOLVE takes them; for tests
};

class HttpFetcher {
 public:
  using Ticket = std::uint64_t;  // never 0, never used twice
  // Done is called once for each fetch that was started and not cancelled, on the loop and never inside start. Errors: timeout; refused
  // (a redirect or an address that is not allowed); too_large; not_trusted; malformed (no HTTP, or too many redirects); unreachable.
  using Done = std::function<void(Result<FetchAnswer> answer)>;

  // The loop must outlive the fetcher.
  HttpFetcher(boost::asio::io_context& loop, HttpFetcherOptions options);
  ~HttpFetcher();  // cancels everything
  HttpFetcher(const HttpFetcher&) = delete;
  HttpFetcher& operator=(const HttpFetcher&) = delete;

  // start: refused when the origin is not listed, no_space when max_concurrent are under way.
  Result<Ticket> start(const FetchRequest& request, Done done);
  // cancel forgets a fetch and closes its connection; Done is not called. Unknown tickets are ignored.
  void cancel(Ticket ticket) noexcept;
  std::size_t running() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qeaas
