// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas sources`.
#include "sources.hpp"

#include <array>
#include <cstdio>

#include "client/refusal.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

std::string per_sample(const SourceReport& source) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.3g of %u", source.min_entropy.bits(), source.sample_bits);
  return text.data();
}

std::vector<std::string> row(const SourceReport& source) {
  return {printable(source.id),
          std::string(name(source.kind)) + (source.conditioned ? ", conditioned" : ""),
          std::string(name(source.state)),
          per_sample(source),
          printable(source.conditioner),
          std::to_string(source.rate_bytes_per_second),
          std::to_string(source.ledger.assessed_bits_in),
          std::to_string(source.ledger.full_entropy_bits_out),
          std::to_string(source.ledger.served_bits),
          std::to_string(source.intermittent_failures) + "/" + std::to_string(source.permanent_failures) + "/" +
              std::to_string(source.restarts)};
}

std::string describe(const SourcesReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"SOURCE", "KIND", "STATE", "MIN-ENTROPY BITS", "CONDITIONER", "BYTES/S", "BITS IN", "BITS OUT", "BITS SERVED", "FAILED I/P/GONE"}};
  for (const auto& source : report.sources) rows.push_back(row(source));
  std::string text = table(rows);
  for (const auto& source : report.sources)
    if (!source.last_failure.empty()) text += "\n" + printable(source.id) + ": last failure: " + printable(source.last_failure);
  text += "\n" + std::to_string(report.healthy) + " of " + std::to_string(report.sources.size()) + " sources are healthy, " +
          std::to_string(report.min_sources) + " must be; types that can be asked for now:";
  for (const auto type : report.types) text += " " + std::string(name(type));
  if (report.types.empty()) text += " none";
  return text + "\nserver version " + printable(report.version);
}

}  // namespace

void add_sources(CLI::App& app, SourcesOptions& options) {
  auto* sources = app.add_subcommand("sources", "show a server's noise sources, their health and their ledger");
  add_connection_options(*sources, options.connection, false);
  sources->add_flag("--json", options.json, "the server's own report as JSON");
  sources->footer(
      "FAILED counts intermittent and permanent health alarms and returns of a source that was gone.\n"
      "Example:\n  qeaas sources --from coaps://127.0.0.1");
}

int run_sources(const SourcesOptions& options) {
  auto links = make_links(options.connection);
  if (!links) return complain(links.error(), options.json);
  auto& link = *links->front();
  const auto report = link.sources();
  if (!report) return complain({report.error().fault.error, link.url() + ": " + report.error().fault.text}, options.json);
  if (!options.json) {
    say(describe(*report));
    return kDone;
  }
  const auto text = to_json(*report);
  if (!text) return complain(explain(text.error(), "the report of " + link.url()).value(), options.json);
  say(*text);
  return kDone;
}

}  // namespace qeaas::cli
