// SPDX-License-Identifier: GPL-3.0-or-later
// The schema of /v1/statistics and /v1/alarms. What is not known yet is there all the same, as null or an empty list, so that a reader
// needs no second shape.
#include "wire/statistics_report.hpp"

#include <boost/json/value.hpp>

#include "base/timestamp.hpp"
#include "wire/json_tree.hpp"

namespace qeaas {
namespace {

namespace bj = boost::json;

using json_tree::view;

bj::array tree_of(const std::vector<std::uint64_t>& counts) { return bj::array(counts.begin(), counts.end()); }

bj::value serial_of(const WindowReport& window) {
  bj::value correlation;
  if (window.correlation_ppm) correlation = *window.correlation_ppm;
  return bj::object{{"pairs", window.pairs}, {"equal", window.equal_pairs}, {"correlation_ppm", std::move(correlation)}};
}

bj::object tree_of(const SourceStatisticsReport& source) {
  bj::object tree{{"id", view(source.id)},
                  {"kind", view(name(source.kind))},
                  {"sample_bits", source.sample_bits},
                  {"window_samples", source.window_samples},
                  {"collected_samples", source.collected_samples},
                  {"windows", source.windows}};
  const auto& window = source.window;
  tree["finished"] = window ? bj::value(view(rfc3339(window->finished))) : bj::value();
  tree["histogram"] = window ? tree_of(window->histogram) : bj::array();
  tree["bit_ones"] = window ? tree_of(window->bit_ones) : bj::array();
  tree["serial"] = window ? serial_of(*window) : bj::value();
  return tree;
}

bj::object tree_of(const AlarmReport& alarm) {
  return {{"time", view(rfc3339(alarm.time))}, {"last", view(rfc3339(alarm.last))}, {"count", alarm.count},
          {"source", view(alarm.source)},      {"event", view(alarm.event)},        {"text", view(alarm.text)}};
}

}  // namespace

Result<std::string> to_json(const StatisticsReport& report) {
  bj::array sources;
  for (const auto& source : report.sources) sources.emplace_back(tree_of(source));
  return json_tree::to_json(bj::object{{"sources", std::move(sources)}});
}

Result<std::string> to_json(const AlarmsReport& report) {
  bj::array alarms;
  for (const auto& alarm : report.alarms) alarms.emplace_back(tree_of(alarm));
  return json_tree::to_json(bj::object{{"alarms", std::move(alarms)}});
}

}  // namespace qeaas
