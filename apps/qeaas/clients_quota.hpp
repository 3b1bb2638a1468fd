// SPDX-License-Identifier: GPL-3.0-or-later
// Quotas on the command line: amounts with units, what changes of an identity's quota, and how a quota is shown.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "access/identity.hpp"

namespace qeaas::cli {

struct QuotaOptions {
  std::string per_second{}, burst{}, per_day{};  // as typed; empty: not given
  bool to_default = false;
  bool unlimited = false;
  bool amounts() const { return !per_second.empty() || !burst.empty() || !per_day.empty(); }
  bool given() const { return amounts() || to_default || unlimited; }
};

void add_quota_options(CLI::App& command, QuotaOptions& options);

// parse_quantity reads 4096, 64k or 2Gi: k, M, G, T are powers of 1000 and Ki, Mi, Gi, Ti of 1024; "unlimited" is 0.
Outcome<std::uint64_t> parse_quantity(const std::string& text);
// changed_quota gives the new quota: what is not given stays as it was in old, or is unlimited when that was the default.
Outcome<std::optional<access::Quota>> changed_quota(const QuotaOptions& options, const std::optional<access::Quota>& old);
// quota_text is for people: "default", "unlimited", or the limits.
std::string quota_text(const std::optional<access::Quota>& quota);

}  // namespace qeaas::cli
