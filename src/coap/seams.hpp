// SPDX-License-Identifier: GPL-3.0-or-later
// What the endpoint is given: where bytes are drawn, who may have them, and what the sources report. The app binds the first to a
// service tap and the second to the access table; tests bring their own.
#pragma once

#include <chrono>
#include <functional>

#include "access/quota.hpp"
#include "base/clock.hpp"
#include "base/provenance.hpp"
#include "coap/forwarder.hpp"
#include "coap/peer.hpp"
#include "wire/sources_report.hpp"

namespace qeaas::coap {

// Draw makes draws for one worker, with the contract of Tap: all of out, or an error with out zeroed.
class Draw {
 public:
  virtual ~Draw() = default;
  virtual Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept = 0;
  // retry_after is when the draw that failed last may succeed.
  virtual std::chrono::seconds retry_after() const noexcept = 0;
};

// Gate debits before anything is drawn or encoded. bytes is 0 for requests that draw nothing. It must not call the endpoint.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual access::Decision admit(Peer& peer, std::size_t bytes, TimePoint now) noexcept = 0;
};

struct Seams {
  Draw& draw;
  Gate& gate;
  std::function<SourcesReport()> report;  // the content of /sources and /health
  Proxy proxy{};
};

}  // namespace qeaas::coap
