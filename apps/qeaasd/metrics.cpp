// SPDX-License-Identifier: GPL-3.0-or-later
// What Prometheus reads. Names follow its conventions: base units, _total for what only grows.
#include "metrics.hpp"

#include <algorithm>

namespace qeaas {
namespace {

// Metrics puts lines together; a label value may hold anything, so it is escaped.
class Metrics {
 public:
  struct Label {
    std::string_view name;
    std::string_view value;
  };
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::initializer_list<Label> labels, std::uint64_t value) {
    text_.append(name_);
    char before = '{';
    for (const auto& label : labels) {
      text_.append(1, before).append(label.name).append("=\"");
      escape(label.value);
      text_.append("\"");
      before = ',';
    }
    if (before == ',') text_.append("}");
    text_.append(" ").append(std::to_string(value)).append("\n");
  }
  std::string take() { return std::move(text_); }

 private:
  void escape(std::string_view value) {
    for (const char character : value) {
      if (character == '\n') {
        text_.append("\\n");
        continue;
      }
      if (character == '"' || character == '\\') text_.push_back('\\');
      text_.push_back(character);
    }
  }
  std::string text_;
  std::string_view name_;
};

using Value = std::uint64_t (*)(const SourceReport&);
struct SourceFamily {
  std::string_view name, type, help;
  Value value;
};

constexpr SourceFamily kSourceFamilies[] = {
    {"qeaas_source_healthy", "gauge", "1 while draws may take blocks of the source",
     [](const SourceReport& source) -> std::uint64_t { return source.state == SourceState::healthy; }},
    {"qeaas_source_simulated", "gauge", "1 for a source that is no entropy",
     [](const SourceReport& source) -> std::uint64_t { return source.kind == SourceKind::simulated; }},
    {"qeaas_source_rate_bytes_per_second", "gauge", "full-entropy output, recently",
     [](const SourceReport& source) { return source.rate_bytes_per_second; }},
    {"qeaas_source_assessed_bits_total", "counter", "min-entropy credited to samples that passed",
     [](const SourceReport& source) { return source.ledger.assessed_bits_in; }},
    {"qeaas_source_full_entropy_bits_total", "counter", "full-entropy bits made of them",
     [](const SourceReport& source) { return source.ledger.full_entropy_bits_out; }},
    {"qeaas_source_served_bits_total", "counter", "of those, given out",
     [](const SourceReport& source) { return source.ledger.served_bits; }},
    {"qeaas_source_dropped_samples_total", "counter", "samples of blocks that were not used",
     [](const SourceReport& source) { return source.ledger.dropped_samples; }},
    {"qeaas_source_intermittent_failures_total", "counter", "health test failures below the permanent cutoff",
     [](const SourceReport& source) { return source.intermittent_failures; }},
    {"qeaas_source_alarms_total", "counter", "permanent health test failures",
     [](const SourceReport& source) { return source.permanent_failures; }},
    {"qeaas_source_restarts_total", "counter", "times the source was gone and came back",
     [](const SourceReport& source) { return source.restarts; }},
};

void write_sources(const SourcesReport& report, Metrics& out) {
  out.family("qeaas_build_info", "gauge", "version of the server");
  out.sample({{"version", report.version}}, 1);
  out.family("qeaas_ready", "gauge", "1 while at least min_sources sources are healthy");
  out.sample({}, report.healthy >= std::max<std::uint64_t>(report.min_sources, 1) ? 1 : 0);
  for (const auto& family : kSourceFamilies) {
    out.family(family.name, family.type, family.help);
    for (const auto& source : report.sources) out.sample({{"source", source.id}, {"kind", name(source.kind)}}, family.value(source));
  }
}

template <class Counters>
struct Family {
  std::string_view name, type, help;
  Counter Counters::*counter;
};

constexpr Family<coap::Counters> kCoapFamilies[] = {
    {"qeaas_coap_requests_total", "counter", "requests over CoAP and CoAPS, repeated ones not counted", &coap::Counters::requests},
    {"qeaas_coap_refusals_total", "counter", "answers of class 4.xx and 5.xx", &coap::Counters::refusals},
    {"qeaas_coap_draws_total", "counter", "draws that succeeded", &coap::Counters::draws},
    {"qeaas_coap_random_bytes_total", "counter", "random bytes drawn for clients", &coap::Counters::bytes_drawn},
    {"qeaas_coap_duplicates_total", "counter", "requests that came again", &coap::Counters::duplicates},
    {"qeaas_coap_rejected_total", "counter", "messages that no server answers", &coap::Counters::rejected},
    {"qeaas_coap_challenges_total", "counter", "addresses that had to prove themselves by Echo", &coap::Counters::challenges},
    {"qeaas_coap_notifications_total", "counter", "notifications to observers", &coap::Counters::notifications},
    {"qeaas_coap_retransmissions_total", "counter", "notifications and separate answers sent again", &coap::Counters::retransmissions},
    {"qeaas_coap_observers_lost_total", "counter", "observers removed for a reset or for silence", &coap::Counters::observers_lost},
    {"qeaas_proxy_fetches_total", "counter", "proxy requests that went to an origin", &coap::Counters::forwards},
    {"qeaas_proxy_cache_hits_total", "counter", "proxy requests answered from the cache", &coap::Counters::cache_hits},
};

constexpr Family<http::Counters> kHttpFamilies[] = {
    {"qeaas_http_connections", "gauge", "connections now", &http::Counters::open},
    {"qeaas_http_connections_total", "counter", "connections accepted", &http::Counters::accepted},
    {"qeaas_http_connections_refused_total", "counter", "connections beyond a limit", &http::Counters::refused},
    {"qeaas_http_timeouts_total", "counter", "clients that took too long", &http::Counters::timed_out},
    {"qeaas_http_random_bytes_total", "counter", "random bytes given out", &http::Counters::random_bytes},
    {"qeaas_http_sent_bytes_total", "counter", "bytes sent", &http::Counters::sent_bytes},
    {"qeaas_http_websockets_total", "counter", "WebSockets opened", &http::Counters::web_sockets},
};

constexpr Family<local::Counters> kLocalFamilies[] = {
    {"qeaas_local_connections", "gauge", "connections to the local socket now", &local::Counters::open},
    {"qeaas_local_connections_total", "counter", "connections accepted at the local socket", &local::Counters::accepted},
    {"qeaas_local_connections_refused_total", "counter", "local clients refused by credentials or by a limit", &local::Counters::refused},
    {"qeaas_local_random_bytes_total", "counter", "random bytes given out at the local socket", &local::Counters::served_bytes},
    {"qeaas_local_mixed_in_bytes_total", "counter", "bytes that local clients mixed in, credited nothing",
     &local::Counters::mixed_in_bytes},
};

std::uint64_t sum(Workers workers, auto&& of) {
  std::uint64_t total = 0;
  for (const auto& worker : workers) total += of(*worker).get();
  return total;
}

template <class Counters>
void write_families(std::span<const Family<Counters>> families, Metrics& out, auto&& value) {
  for (const auto& family : families) {
    out.family(family.name, family.type, family.help);
    out.sample({}, value(family.counter));
  }
}

void write_coap(Workers workers, Metrics& out) {
  write_families<coap::Counters>(kCoapFamilies, out, [&](Counter coap::Counters::*counter) {
    return sum(workers, [counter](const Worker& worker) -> const Counter& { return worker.coap_counters().*counter; });
  });
}

void write_http(Workers workers, Metrics& out) {
  static constexpr std::string_view kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  out.family("qeaas_http_answers_total", "counter", "answers by class of status");
  for (std::size_t i = 0; i < std::size(kClasses); ++i)
    out.sample({{"status", kClasses[i]}},
               sum(workers, [i](const Worker& worker) -> const Counter& { return worker.http_counters().answers[i]; }));
  write_families<http::Counters>(kHttpFamilies, out, [&](Counter http::Counters::*counter) {
    return sum(workers, [counter](const Worker& worker) -> const Counter& { return worker.http_counters().*counter; });
  });
}

std::string_view service_name(Transport transport) noexcept { return transport == Transport::datagram ? "coaps" : "https"; }

void write_census(const SessionCensus& census, Metrics& out) {
  const auto rows = census.snapshot();
  const auto each = [&](std::string_view family, std::string_view type, std::string_view help, auto&& value) {
    out.family(family, type, help);
    for (const auto& row : rows)
      out.sample({{"transport", service_name(row.transport)}, {"group", row.group}, {"signature", SessionCensus::name(row.proof)}},
                 value(row));
  };
  each("qeaas_sessions", "gauge", "open TLS and DTLS sessions", [](const SessionCensus::Row& row) { return row.open; });
  each("qeaas_handshakes_total", "counter", "completed handshakes", [](const SessionCensus::Row& row) { return row.completed; });
  out.family("qeaas_handshake_failures_total", "counter", "handshakes that began and did not complete");
  for (const auto transport : {Transport::datagram, Transport::stream})
    out.sample({{"transport", service_name(transport)}}, census.failures(transport));
}

}  // namespace

std::string write_metrics(const SourcesReport& report, const SessionCensus& census, Workers workers, const local::Counters* local) {
  Metrics out;
  write_sources(report, out);
  write_census(census, out);
  write_coap(workers, out);
  write_http(workers, out);
  if (local != nullptr)
    write_families<local::Counters>(kLocalFamilies, out, [&](Counter local::Counters::*counter) { return (local->*counter).get(); });
  return out.take();
}

SessionsReport make_sessions_report(const SessionCensus& census, Workers workers) {
  SessionsReport report;
  std::uint64_t secure = 0;
  for (const auto& row : census.snapshot()) {
    report.sessions.push_back({std::string(service_name(row.transport)), std::string(row.group),
                               std::string(SessionCensus::name(row.proof)), row.open, row.completed, row.resumed ? row.completed : 0});
    if (row.transport == Transport::stream) secure += row.open;
  }
  // What is open over HTTP and no TLS session is plain.
  const auto open = sum(workers, [](const Worker& worker) -> const Counter& { return worker.http_counters().open; });
  report.sessions.push_back({"http", "", "", open - std::min(open, secure), 0, 0});
  return report;
}

}  // namespace qeaas
