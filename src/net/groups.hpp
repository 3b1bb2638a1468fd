// SPDX-License-Identifier: GPL-3.0-or-later
// Key-exchange groups of TLS 1.3 by the names that configuration, command line and reports use.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace qeaas {

struct Group {
  std::string_view name;   // configuration: "MLKEM512"
  std::string_view title;  // for people: "ML-KEM-512"
  std::uint16_t code;      // IANA code point, which is also wolfSSL's
  bool post_quantum;
};

std::span<const Group> all_groups() noexcept;
// find_group takes a configuration name, a title, or wolfSSL's own name; case does not count.
std::optional<Group> find_group(std::string_view name) noexcept;
// parse_groups turns names into code points in their order; pq_only drops the classical ones. unknown names the first bad one.
Outcome<std::vector<int>> parse_groups(std::span<const std::string> names, bool pq_only);
inline constexpr std::string_view kDefaultGroups[] = {"MLKEM512", "X25519MLKEM768", "P-256", "X25519"};

}  // namespace qeaas
