// SPDX-License-Identifier: GPL-3.0-or-later
// Quotas on the command line.
#include "clients_quota.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace qeaas::cli {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 9> kUnits{{{"", 1},
                                                                            {"k", 1'000},
                                                                            {"M", 1'000'000},
                                                                            {"G", 1'000'000'000},
                                                                            {"T", 1'000'000'000'000},
                                                                            {"Ki", 1ull << 10},
                                                                            {"Mi", 1ull << 20},
                                                                            {"Gi", 1ull << 30},
                                                                            {"Ti", 1ull << 40}}};

std::string check_quantity(const std::string& text) {
  const auto quantity = parse_quantity(text);
  return quantity ? "" : quantity.error().text;
}

Outcome<void> put(const std::string& text, std::uint64_t& into) {
  if (text.empty()) return {};
  const auto quantity = parse_quantity(text);
  if (!quantity) return tl::unexpected(quantity.error());
  into = *quantity;
  return {};
}

}  // namespace

void add_quota_options(CLI::App& command, QuotaOptions& options) {
  const auto add = [&](const char* name, std::string& into, const char* help) {
    command.add_option(name, into, help)->type_name("BYTES")->check(check_quantity);
  };
  add("--bytes-per-second", options.per_second,
      "how fast the identity may draw; k, M, G are powers of 1000, Ki, Mi, Gi of 1024, 0 is unlimited");
  add("--burst", options.burst, "how much at once after a pause (default: one second's worth, at least 65536)");
  add("--bytes-per-day", options.per_day, "how much from midnight to midnight UTC; 0 is unlimited");
}

Outcome<std::uint64_t> parse_quantity(const std::string& text) {
  if (text == "unlimited") return 0;
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  for (const auto& [unit, factor] : kUnits) {
    if (rest == text.data() || suffix != unit) continue;
    if (problem != std::errc() || number > std::numeric_limits<std::uint64_t>::max() / factor)
      return fault(Error::out_of_range, "\"" + text + "\" is more than any limit may be");
    return number * factor;
  }
  return fault(Error::malformed, "\"" + text + "\" is no amount of bytes; write for example 4096, 64k, 10M, 1Gi or unlimited");
}

Outcome<std::optional<access::Quota>> changed_quota(const QuotaOptions& options, const std::optional<access::Quota>& old) {
  if (options.to_default) return std::nullopt;
  if (options.unlimited) return access::Quota{};
  if (!options.amounts()) return old;
  auto quota = old.value_or(access::Quota{});
  if (auto ok = put(options.per_second, quota.bytes_per_second); !ok) return tl::unexpected(ok.error());
  if (auto ok = put(options.burst, quota.burst_bytes); !ok) return tl::unexpected(ok.error());
  if (auto ok = put(options.per_day, quota.bytes_per_day); !ok) return tl::unexpected(ok.error());
  // The burst of a rate that is lifted goes with it.
  if (quota.bytes_per_second == 0 && options.burst.empty()) quota.burst_bytes = 0;
  if (quota.bytes_per_second == 0 && quota.burst_bytes != 0)
    return fault(Error::out_of_range, "--burst has no meaning without a rate; give --bytes-per-second too");
  if (auto ok = access::valid_quota(quota); !ok) return tl::unexpected(ok.error());
  return quota;
}

std::string quota_text(const std::optional<access::Quota>& quota) {
  if (!quota) return "default";
  std::string text;
  if (quota->bytes_per_second != 0)
    text = std::to_string(quota->bytes_per_second) + "/s, burst " + std::to_string(access::effective_burst(*quota));
  if (quota->bytes_per_day != 0) text += (text.empty() ? "" : ", ") + std::to_string(quota->bytes_per_day) + "/day";
  return text.empty() ? "unlimited" : text;
}

}  // namespace qeaas::cli
