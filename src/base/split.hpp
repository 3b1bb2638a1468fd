// SPDX-License-Identifier: GPL-3.0-or-later
// Lists that people write, such as "MLKEM512,P-256".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qeaas {

// split gives what stands between the separators: always one part more than there are separators, parts may be empty.
inline std::vector<std::string> split(std::string_view list, char separator = ',') {
  std::vector<std::string> parts;
  while (true) {
    const auto end = list.find(separator);
    parts.emplace_back(list.substr(0, end));
    if (end == std::string_view::npos) return parts;
    list.remove_prefix(end + 1);
  }
}

}  // namespace qeaas
