// SPDX-License-Identifier: GPL-3.0-or-later
// Site: what the HTTP front of one worker is given: where bytes are drawn, who may have them, what can be reported, and which shapes
// are switched on. The app binds it to the service and the access table; tests bring their own. One worker's thread only.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "access/quota.hpp"
#include "base/clock.hpp"
#include "base/draw.hpp"
#include "http/counters.hpp"
#include "net/address.hpp"
#include "wire/sources_report.hpp"

namespace boost::asio {
class io_context;
}

namespace qeaas::http {

// Caller is who a request comes from. The identity is that of the connection (a client certificate, a PSK) until a token names another.
struct Caller {
  Address remote;
  std::int64_t identity = access::kAnonymousId;
};

// Allowance is what the tightest quota of an identity still allows.
struct Allowance {
  std::string_view policy;  // "second", "day"
  std::uint64_t limit_bytes = 0;
  std::uint64_t window_seconds = 1;
  std::uint64_t remaining_bytes = 0;
  std::uint64_t reset_seconds = 0;
};

class Gate {
 public:
  Gate() noexcept = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  virtual ~Gate() = default;
  // admit debits bytes before they are drawn; 0 for requests that draw nothing.
  virtual access::Decision admit(const Caller& caller, std::size_t bytes, TimePoint now) noexcept = 0;
  // give_back undoes the last admit, whose draw failed.
  virtual void give_back(const Caller& caller, std::size_t bytes) noexcept = 0;
  // token_identity finds whose token this is; none for one that nobody has. A disabled identity is found: admit refuses it.
  virtual std::optional<std::int64_t> token_identity(const access::Digest& token) noexcept = 0;
  virtual std::optional<Allowance> allowance(const Caller& caller, TimePoint now) noexcept = 0;
  // admit_handshake asks before the expensive part of a TLS handshake.
  virtual bool admit_handshake(const Address& from, TimePoint now) noexcept = 0;
};

// Feature is a shape of other services, or a part of ours, that the configuration can switch.
enum class Feature : std::uint8_t { core, seeds, dashboard, pollen, anu, qrypt };

struct Features {
  bool dashboard = true;
  bool seeds = true;
  bool pollen = false;
  bool anu = false;
  bool qrypt = false;
  bool has(Feature feature) const noexcept;
};

// Reports are the texts of the resources that describe the server. They run on the worker's thread and may allocate.
struct Reports {
  std::function<SourcesReport()> sources;
  std::function<std::string()> statistics;  // JSON
  std::function<std::string()> alarms;      // JSON
  std::function<std::string()> sessions;    // JSON
  std::function<std::string()> metrics;     // Prometheus text format 0.0.4
  std::function<bool()> ready;              // enough sources are healthy
};

// Scratch is the memory of one request, shared by all connections of the worker: a request is answered in one go.
struct Scratch {
  static constexpr std::size_t kTextBytes = 196'608;  // the longest answer: 64 KiB as JSON, in hexadecimal, and what is said about it
  SecretBytes draw{kMaxDrawBytes};
  SecretBytes text{kTextBytes};
};

struct Site {
  Draw& draw;
  Gate& gate;
  Reports reports;
  Features features;
  Counters& counters;
  boost::asio::io_context& loop;  // for WebSocket time-outs
  bool draining = false;
  Scratch scratch{};
};

}  // namespace qeaas::http
