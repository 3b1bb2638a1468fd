// SPDX-License-Identifier: GPL-3.0-or-later
// A look at the characters before the TOML parser sees them. toml++ 3.3 has undefined behaviour for characters beyond ASCII where
// white space may stand (its issues 190 and 295). TOML 1.0 allows them in texts and comments only, so the rest is refused here.
#pragma once

#include <optional>
#include <string_view>

#include "config_report.hpp"

namespace qeaas::config {

struct ScanMistake {
  Place place;
  std::string_view text;
};
// scan finds the first character that no configuration needs: beyond ASCII outside of texts and comments, control characters,
// and the beginning of a multi-line text (which has the same trouble after a backslash at a line's end).
std::optional<ScanMistake> scan(std::string_view text) noexcept;

}  // namespace qeaas::config
