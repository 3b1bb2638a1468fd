// SPDX-License-Identifier: GPL-3.0-or-later
// Looks up one of the handful of files.
#include <algorithm>

#include "web/assets.hpp"

namespace qeaas::web {

const Asset* find_asset(std::string_view path) noexcept {
  const auto all = assets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Asset& asset) { return asset.path == path; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace qeaas::web
