// SPDX-License-Identifier: GPL-3.0-or-later
// The schema of the reports, written once against the tree that JSON and CBOR share.
#include "wire/sources_report.hpp"

#include <array>
#include <boost/json/value.hpp>
#include <optional>

#include "wire/json_tree.hpp"

namespace qeaas {
namespace {

namespace bj = boost::json;
using json_tree::Fields;

constexpr std::array<std::string_view, 3> kStatuses{"ok", "degraded", "failed"};

using json_tree::view;

template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view text) noexcept {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

// choose reads a text member that must be one of an enum's names.
template <class Enum, class Find>
void choose(Fields& fields, std::string_view member, Enum& into, Find find) {
  std::string text;
  if (!fields.read(member, text).status()) return;
  if (const auto found = find(text))
    into = *found;
  else
    fields.set_error(Error::unknown);
}

bj::object tree_of(const LedgerReport& ledger) {
  return {{"assessed_bits_in", ledger.assessed_bits_in},
          {"full_entropy_bits_out", ledger.full_entropy_bits_out},
          {"served_bits", ledger.served_bits},
          {"dropped_samples", ledger.dropped_samples}};
}

bj::object tree_of(const SourceReport& source) {
  return {{"id", view(source.id)},
          {"kind", view(name(source.kind))},
          {"conditioned", source.conditioned},
          {"state", view(name(source.state))},
          {"last_failure", view(source.last_failure)},
          {"sample_bits", std::uint64_t{source.sample_bits}},
          {"min_entropy_microbits", source.min_entropy.microbits()},
          {"claim", view(source.claim)},
          {"conditioner", view(source.conditioner)},
          {"rate_bytes_per_second", source.rate_bytes_per_second},
          {"ledger", tree_of(source.ledger)},
          {"intermittent_failures", source.intermittent_failures},
          {"permanent_failures", source.permanent_failures},
          {"restarts", source.restarts}};
}

bj::value tree_of(const SourcesReport& report) {
  bj::array types, sources;
  for (const EntropyType type : report.types) types.emplace_back(view(name(type)));
  for (const SourceReport& source : report.sources) sources.emplace_back(tree_of(source));
  return bj::object{{"version", view(report.version)},
                    {"types", std::move(types)},
                    {"min_sources", report.min_sources},
                    {"healthy", report.healthy},
                    {"sources", std::move(sources)}};
}

bj::value tree_of(const HealthReport& report) {
  return bj::object{{"status", view(name(report.status))}, {"healthy", report.healthy}, {"total", report.total}};
}

Result<LedgerReport> ledger_of(const bj::value& tree) {
  LedgerReport ledger;
  const auto status = Fields(tree)
                          .read("assessed_bits_in", ledger.assessed_bits_in)
                          .read("full_entropy_bits_out", ledger.full_entropy_bits_out)
                          .read("served_bits", ledger.served_bits)
                          .read("dropped_samples", ledger.dropped_samples)
                          .status();
  if (!status) return fail(status.error());
  return ledger;
}

Result<SourceReport> source_of(const bj::value& tree) {
  SourceReport source;
  std::uint64_t sample_bits = 0, microbits = 0;
  Fields fields(tree);
  fields.read("id", source.id).read("conditioned", source.conditioned).read("last_failure", source.last_failure);
  fields.read("claim", source.claim).read("conditioner", source.conditioner);
  fields.read("sample_bits", sample_bits).read("min_entropy_microbits", microbits);
  fields.read("rate_bytes_per_second", source.rate_bytes_per_second).read("restarts", source.restarts);
  fields.read("intermittent_failures", source.intermittent_failures).read("permanent_failures", source.permanent_failures);
  choose(fields, "kind", source.kind, source_kind);
  choose(fields, "state", source.state, source_state);
  const auto* ledger_tree = fields.member("ledger");
  if (sample_bits > 64) fields.set_error(Error::out_of_range);
  if (!fields.status()) return fail(fields.status().error());

  const auto ledger = ledger_of(*ledger_tree);
  if (!ledger) return fail(ledger.error());
  source.ledger = *ledger;
  source.sample_bits = static_cast<unsigned>(sample_bits);
  source.min_entropy = MinEntropy::from_microbits(microbits);
  return source;
}

Status add_types(const bj::array& items, SourcesReport& report) {
  for (const auto& item : items) {
    const auto* text = item.if_string();
    if (text == nullptr) return fail(Error::malformed);
    const auto type = entropy_type({text->data(), text->size()});
    if (!type) return fail(Error::unknown);
    report.types.push_back(*type);
  }
  return {};
}

Result<SourcesReport> sources_report_of(const bj::value& tree) {
  SourcesReport report;
  Fields fields(tree);
  fields.read("version", report.version).read("min_sources", report.min_sources).read("healthy", report.healthy);
  if (const auto added = add_types(fields.items("types"), report); !added) return fail(added.error());
  for (const auto& item : fields.items("sources")) {
    auto source = source_of(item);
    if (!source) return fail(source.error());
    report.sources.push_back(std::move(*source));
  }
  if (!fields.status()) return fail(fields.status().error());
  return report;
}

Result<HealthReport> health_report_of(const bj::value& tree) {
  HealthReport report;
  Fields fields(tree);
  fields.read("healthy", report.healthy).read("total", report.total);
  choose(fields, "status", report.status, [](std::string_view text) { return named<HealthStatus>(kStatuses, text); });
  if (!fields.status()) return fail(fields.status().error());
  return report;
}

Result<bj::value> bounded_json(Bytes text) {
  if (text.size() > kMaxReportBytes) return fail(Error::too_large);
  return json_tree::from_json(text);
}
Result<bj::value> bounded_cbor(Bytes encoded) {
  if (encoded.size() > kMaxReportBytes) return fail(Error::too_large);
  return json_tree::from_cbor(encoded);
}

}  // namespace

std::string_view name(HealthStatus status) noexcept { return kStatuses[static_cast<std::size_t>(status)]; }

Result<std::string> to_json(const SourcesReport& report) { return json_tree::to_json(tree_of(report)); }
Result<std::vector<std::uint8_t>> to_cbor(const SourcesReport& report) { return json_tree::to_cbor(tree_of(report)); }
Result<std::string> to_json(const HealthReport& report) { return json_tree::to_json(tree_of(report)); }
Result<std::vector<std::uint8_t>> to_cbor(const HealthReport& report) { return json_tree::to_cbor(tree_of(report)); }

Result<SourcesReport> sources_report_from_json(Bytes text) { return bounded_json(text).and_then(sources_report_of); }
Result<SourcesReport> sources_report_from_cbor(Bytes encoded) { return bounded_cbor(encoded).and_then(sources_report_of); }
Result<HealthReport> health_report_from_json(Bytes text) { return bounded_json(text).and_then(health_report_of); }
Result<HealthReport> health_report_from_cbor(Bytes encoded) { return bounded_cbor(encoded).and_then(health_report_of); }

}  // namespace qeaas
