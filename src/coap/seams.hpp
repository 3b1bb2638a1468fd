// SPDX-License-Identifier: GPL-3.0-or-later
// What the endpoint is given: where bytes are drawn, who may have them, and what the sources report. The app binds the first to a
// service tap and the second to the access table; tests bring their own.
#pragma once

#include <chrono>
#include <functional>

#include "access/quota.hpp"
#include "base/clock.hpp"
#include "base/draw.hpp"
#include "coap/forwarder.hpp"
#include "coap/peer.hpp"
#include "wire/sources_report.hpp"

namespace qeaas::coap {

// Gate debits before anything is drawn or encoded. bytes is 0 for requests that draw nothing. It must not call the endpoint.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual access::Decision admit(Peer& peer, std::size_t bytes, TimePoint now) noexcept = 0;
  // give_back undoes the debit of the last admit, which was for this peer and amount: the draw failed, and nothing of it was served.
  virtual void give_back(Peer& peer, std::size_t bytes) noexcept = 0;
};

struct Seams {
  Draw& draw;
  Gate& gate;
  std::function<SourcesReport()> report;  // the content of /sources and /health
  Proxy proxy{};
};

}  // namespace qeaas::coap
