// SPDX-License-Identifier: GPL-3.0-or-later
// The service's counts and events in the words of the reports.
#include "reports.hpp"

namespace qeaas {
namespace {

WindowReport window_of(const RawStatistics& raw) {
  WindowReport window;
  window.finished = raw.finished;
  window.histogram.assign(raw.histogram.begin(), raw.histogram.begin() + (std::ptrdiff_t{1} << raw.sample_bits));
  window.bit_ones.assign(raw.bit_ones.begin(), raw.bit_ones.begin() + raw.sample_bits);
  window.pairs = raw.pairs;
  window.equal_pairs = raw.equal_pairs;
  window.correlation_ppm = raw.correlation_ppm;
  return window;
}

}  // namespace

StatisticsReport make_statistics_report(const Service& service) {
  StatisticsReport report;
  for (const auto& [tag, raw] : service.raw_statistics()) {
    SourceStatisticsReport one{tag.id, tag.kind, raw.sample_bits, raw.window_samples, raw.collected_samples, raw.windows, {}};
    if (raw.windows > 0) one.window = window_of(raw);
    report.sources.push_back(std::move(one));
  }
  return report;
}

AlarmsReport make_alarms_report(const Service& service) {
  AlarmsReport report;
  for (const auto& event : service.events())
    report.alarms.push_back({event.time, event.last, event.count, event.source, std::string(name(event.what)), event.text});
  return report;
}

}  // namespace qeaas
