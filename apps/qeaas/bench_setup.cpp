// SPDX-License-Identifier: GPL-3.0-or-later
// Options, checked and put together.
#include "bench_setup.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <thread>
#include <utility>

#include "base/split.hpp"
#include "wire/coap_uri.hpp"

namespace qeaas::cli {
namespace {

constexpr std::array<std::pair<std::string_view, Measure>, 7> kMeasures{{{"handshake", Measure::handshake},
                                                                         {"resume", Measure::resume},
                                                                         {"psk", Measure::psk},
                                                                         {"request", Measure::request},
                                                                         {"wake", Measure::wake},
                                                                         {"cycle", Measure::cycle},
                                                                         {"pool", Measure::pool}}};
constexpr std::uint32_t kMaxNumberBytes = 256;                      // of /random_number/n
constexpr std::string_view kPaperOrigin = "http://127.0.0.1:6065";  // the paper's API, and the one origin that a proxy allows by default

std::string_view name_of(Measure measure) {
  return std::ranges::find(kMeasures, measure, &std::pair<std::string_view, Measure>::second)->first;
}

std::string server_of(const BenchOptions& options) {
  return options.connection.from.empty() ? kDefaultServer : options.connection.from.front();
}

std::vector<Measure> measures_of(const BenchOptions& options, bool secure) {
  if (!options.measures.empty()) return read_measures(options.measures).value_or(std::vector<Measure>());
  if (!secure) return {Measure::handshake, Measure::request, Measure::pool};
  return {Measure::handshake, Measure::resume, Measure::request, Measure::pool};
}

bool needs_session(Measure measure) { return measure == Measure::resume || measure == Measure::psk || measure == Measure::wake; }

// request_of: a proxy's request has no path of its own (RFC 7252 5.10.2); /random is asked for the number of bytes.
CoapRequest request_of(const BenchOptions& options) {
  CoapRequest request;
  if (options.proxy_uri.empty()) request = read_path(options.path).value_or(CoapRequest());
  request.accept.reset();
  request.proxy_uri = options.proxy_uri;
  if (options.proxy_uri.empty() && options.path == "/random") request.query = {"n=" + std::to_string(options.bytes)};
  return request;
}

CoapRequest cycle_of(const BenchOptions& options) {
  CoapRequest request;
  request.accept.reset();
  request.proxy_uri = options.proxy_uri;
  if (request.proxy_uri.empty()) request.proxy_uri = std::string(kPaperOrigin) + "/random_number/" + std::to_string(options.bytes);
  return request;
}

// Pinned is an opener that has found out which address of a host name answers.
struct Pinned {
  CoapUri uri;
  LinkOptions link;
  OpenChannel open;
};

// opener_of looks a host name up for the first session only, so that the samples hold no look-up and no address that does not answer.
OpenChannel opener_of(const CoapUri& uri, LinkOptions link) {
  if (uri.host_kind != HostKind::name) return channel_opener(uri, std::move(link));
  auto state = std::make_shared<Pinned>(Pinned{uri, link.duplicate(), channel_opener(uri, std::move(link))});
  return [state](SessionTicket ticket) {
    auto channel = state->open(std::move(ticket));
    if (!channel || state->uri.host_kind != HostKind::name) return channel;
    const auto address = parse_coap_uri("coap://" + (*channel)->server().text());
    if (!address || address->host.starts_with("fe80:")) return channel;  // an address of one link is none without its interface
    state->link.server_name = std::exchange(state->uri.host, address->host);
    state->uri.host_kind = address->host_kind;
    state->open = channel_opener(state->uri, state->link.duplicate());
    return channel;
  };
}

}  // namespace

Outcome<std::vector<Measure>> read_measures(const std::string& list) {
  std::vector<Measure> measures;
  for (const auto& name : split(list)) {
    const auto* const found = std::ranges::find(kMeasures, std::string_view(name), &std::pair<std::string_view, Measure>::first);
    if (found == kMeasures.end())
      return fault(Error::unknown,
                   "\"" + name + "\" is no measure: handshake, resume, psk, request, wake, cycle or pool, with commas between");
    if (std::ranges::find(measures, found->second) != measures.end()) return fault(Error::in_use, "\"" + name + "\" is named twice");
    measures.push_back(found->second);
  }
  return measures;
}

Outcome<CoapRequest> read_path(const std::string& path) {
  const auto uri = path.starts_with('/') ? parse_coap_uri("coap://host" + path) : parse_coap_uri("");
  if (!uri) return fault(Error::malformed, "\"" + path + "\" is no path of a resource; write for example /random or /time?local");
  CoapRequest request;
  request.path = uri->path;
  request.query = uri->query;
  return request;
}

std::optional<Fault> usage_fault(const BenchOptions& options) {
  const auto uri = parse_coap_uri(server_of(options));
  const bool secure = uri && uri->secure;
  for (const auto measure : measures_of(options, secure)) {
    if (!secure && needs_session(measure))
      return Fault{Error::unsupported,
                   "--measure " + std::string(name_of(measure)) + " needs a session; plain coap:// has none, use coaps://"};
    if (measure == Measure::psk && options.connection.psk.empty())
      return Fault{Error::unsupported, "--measure psk needs a key: --psk ID:FILE"};
    if (measure == Measure::cycle && options.bytes > kMaxNumberBytes)
      return Fault{Error::out_of_range, "--measure cycle asks for at most 256 bytes, as /random_number/n gives"};
  }
  if (!options.proxy_uri.empty() && options.path != "/random")
    return Fault{Error::unsupported, "--proxy-uri says what to fetch; leave --path out"};
  return std::nullopt;
}

Outcome<BenchPlan> make_plan(const BenchOptions& options) {
  BenchPlan plan;
  plan.server = server_of(options);
  const auto uri = parse_coap_uri(plan.server);
  if (!uri) return tl::unexpected(uri.error());
  auto link = link_options(options.connection);
  if (!link) return tl::unexpected(link.error());
  // Only for its judgement of the address.
  if (auto checked = ServerLink::make(plan.server, link->duplicate()); !checked) return tl::unexpected(checked.error());
  plan.measures = measures_of(options, uri->secure);
  auto& target = plan.target;
  target.coap.answer_timeout = link->timeout;
  link->path_mtu = options.path_mtu;
  target.open = opener_of(*uri, std::move(*link));
  target.request = request_of(options);
  target.cycle = cycle_of(options);
  target.bytes = options.bytes;
  target.exact = options.proxy_uri.empty() && options.path == "/random";
  target.path_mtu = options.path_mtu;
  target.count = options.count;
  target.warmup = options.warmup;
  target.pause = std::chrono::milliseconds(options.pause_ms);
  target.wait = [](Clock::duration time) {
    if (time > Clock::duration::zero()) std::this_thread::sleep_for(time);
  };
  return plan;
}

}  // namespace qeaas::cli
