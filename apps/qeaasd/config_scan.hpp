// SPDX-License-Identifier: GPL-3.0-or-later
// A look at the characters before the TOML parser sees them. toml++ 3.3 has undefined behaviour for characters beyond ASCII in
// tokens and where white space may stand (its issues 190 and 295), so they are allowed in comments only; a text has \u for them.
#pragma once

#include <optional>
#include <string_view>

#include "config_report.hpp"

namespace qeaas::config {

struct ScanMistake {
  Place place;
  std::string_view text;
};
// scan finds the first character that is refused: beyond ASCII outside of comments, control characters, and the beginning of a
// text of several lines (in which a comment's sign means nothing, and which no key needs).
std::optional<ScanMistake> scan(std::string_view text) noexcept;

}  // namespace qeaas::config
