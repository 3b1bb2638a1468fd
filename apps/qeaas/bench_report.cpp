// SPDX-License-Identifier: GPL-3.0-or-later
// Samples as JSON, statistics as a table.
#include "bench_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/timestamp.hpp"
#include "sample_statistics.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

using Kind = BenchColumn::Kind;

std::string decimal_text(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

void write_value(JsonWriter& out, Kind kind, double value) {
  if (kind == Kind::flag)
    out.boolean(value != 0);
  else if (kind == Kind::count)
    out.number(static_cast<std::uint64_t>(std::llround(value)));
  else
    out.raw(decimal_text(value, 3));  // nanoseconds
}

void write_sample(JsonWriter& out, const BenchRun& run, const BenchRow& row) {
  out.raw("{");
  bool first = true;
  for (std::size_t i = 0; i < row.size(); ++i) {
    comma(out, first);
    out.text(run.columns[i].name).raw(":");
    write_value(out, run.columns[i].kind, row[i]);
  }
  out.raw("}");
}

template <class Items, class Write>
void write_list(JsonWriter& out, std::string_view name, const Items& items, const Write& write) {
  out.text(name).raw(":[");
  bool first = true;
  for (const auto& item : items) {
    comma(out, first);
    write(item);
  }
  out.raw("]");
}

void write_run(JsonWriter& out, const BenchRun& run) {
  out.raw(R"({"measure":)").text(run.measure);
  if (run.has_peer) {
    const auto& peer = run.peer;
    out.raw(R"(,"group":)").text(peer.group).raw(R"(,"signature":)").text(peer.signature);
    out.raw(R"(,"verified":)").boolean(peer.verified).raw(R"(,"resumed":)").text(peer.resumed);
  }
  for (const auto& [name, value] : run.numbers) out.raw(",").text(name).raw(":").number(value);
  out.raw(R"(,"requested":)").number(run.requested).raw(R"(,"failed":)").number(run.failed);
  out.raw(R"(,"given_up":)").boolean(run.given_up).raw(",");
  write_list(out, "failures", run.failures, [&](const std::string& text) { out.text(text); });
  out.raw(",");
  write_list(out, "samples", run.samples, [&](const BenchRow& row) { write_sample(out, run, row); });
  out.raw("}");
}

std::vector<double> column_of(const BenchRun& run, std::size_t column) {
  std::vector<double> values;
  values.reserve(run.samples.size());
  for (const auto& row : run.samples) values.push_back(row[column]);
  return values;
}

// A server's times are in milliseconds, the pool's in nanoseconds.
std::vector<std::string> table_row(const BenchRun& run, std::size_t column) {
  const auto& what = run.columns[column];
  const bool milliseconds = what.kind == Kind::microseconds;
  const auto figures = statistics_of(column_of(run, column));
  const auto show = [&](double value) {
    if (run.samples.empty()) return std::string("-");
    return milliseconds ? decimal_text(value / 1000, 3) : decimal_text(value, 1);
  };
  auto label = std::string(what.label);
  for (const auto& [name, value] : run.numbers)
    if (name == "bytes") label += " of " + std::to_string(value) + " bytes";
  std::vector<std::string> row{std::string(run.measure), std::move(label), milliseconds ? "ms" : "ns", std::to_string(figures.count),
                               std::to_string(run.failed)};
  for (const auto value : {figures.mean, figures.deviation, figures.median, figures.p95, figures.p99}) row.push_back(show(value));
  return row;
}

std::string markdown(std::vector<std::vector<std::string>> rows) {
  constexpr std::size_t kTextColumns = 3;
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::vector<std::string> rule;
  for (std::size_t i = 0; i < widths.size(); ++i)
    rule.push_back(i < kTextColumns ? std::string(widths[i], '-') : std::string(widths[i] - 1, '-') + ":");
  rows.insert(rows.begin() + 1, std::move(rule));
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      text += "| " + (i < kTextColumns ? row[i] + space : space + row[i]) + " ";
    }
    text += "|\n";
  }
  return text;
}

// kNotes say what is in each measure.
constexpr std::pair<std::string_view, std::string_view> kNotes[] = {
    {"handshake", "a new session for each sample, from its creation to the answer of its first request; closing it is not in it"},
    {"resume", "the same with a ticket of the session before: no certificate is sent or checked"},
    {"psk", "the same with a pre-shared key in place of certificates"},
    {"request", "one GET on an open session, from sending it to the whole answer"},
    {"wake", "the same, each from another local port: the server knows the session by its connection ID"},
    {"cycle", "GET with Proxy-Uri on an open session, its JSON read, the bytes injected into a pool and as many extracted"},
    {"inject", "bytes mixed into the pool of this machine and credited; a sample is the mean of many calls, and no network is in it"},
    {"extract", "bytes drawn from that pool, in the same way"},
};

std::string notes_on(const std::vector<BenchRun>& runs) {
  std::string text;
  for (const auto& [measure, note] : kNotes)
    if (std::ranges::find(runs, measure, &BenchRun::measure) != runs.end()) text += std::string(measure) + ": " + std::string(note) + "\n";
  return text;
}

std::string conditions(const BenchRun& run) {
  const std::string measure(run.measure);
  std::string text;
  if (run.has_peer && !run.samples.empty()) {
    text += measure + ": group=" + run.peer.group + " signature=" + run.peer.signature +
            " verified=" + std::string(yes_no(run.peer.verified)) + " resumed=" + std::string(run.peer.resumed);
    for (const auto& [name, value] : run.numbers) text += " " + std::string(name) + "=" + std::to_string(value);
    text += "\n";
  }
  for (const auto& failure : run.failures) text += measure + " failed: " + failure + "\n";
  if (run.given_up) text += measure + " was given up after too many failures in a row\n";
  return text;
}

}  // namespace

std::string bench_json(const BenchHeading& heading, const std::vector<BenchRun>& runs) {
  return json_text([&](JsonWriter& out) {
    out.raw(R"({"tool":"qeaas bench","version":)").text(QEAAS_VERSION).raw(R"(,"date":)").text(rfc3339(heading.date));
    out.raw(R"(,"server":)").text(heading.server).raw(R"(,"warmup":)").number(heading.warmup);
    out.raw(R"(,"interrupted":)").boolean(heading.interrupted).raw(",");
    write_list(out, "runs", runs, [&](const BenchRun& run) { write_run(out, run); });
    out.raw("}\n");
  });
}

std::string bench_table(const BenchHeading& heading, const std::vector<BenchRun>& runs) {
  std::string text("qeaas ");
  text += QEAAS_VERSION;
  text += " measured " + heading.server + " at " + rfc3339(heading.date) + ", after " + std::to_string(heading.warmup) +
          " samples of warm-up" + (heading.interrupted ? ", interrupted" : "") + "\n\n";
  std::vector<std::vector<std::string>> rows{{"measure", "from, to", "unit", "samples", "failed", "mean", "sd", "median", "p95", "p99"}};
  for (const auto& run : runs)
    for (std::size_t i = 0; i < run.columns.size(); ++i)
      if (!run.columns[i].label.empty()) rows.push_back(table_row(run, i));
  text += markdown(std::move(rows)) + "\n";
  for (const auto& run : runs) text += conditions(run);
  return text + notes_on(runs);
}

}  // namespace qeaas::cli
