// SPDX-License-Identifier: GPL-3.0-or-later
// Findings of `qeaas doctor` and of its parts, and how they are told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qeaas::cli {

enum class Verdict : std::uint8_t { ok, warn, fail };

struct Finding {
  std::string check;
  Verdict verdict;
  std::string text;
};

// Values are numbers and names behind the findings, for programs: JSON alone shows them. A name that comes several times is a list.
using Values = std::vector<std::pair<std::string, std::string>>;

std::string_view word(Verdict verdict) noexcept;
// report prints them, and gives kFailed when one says FAIL; a warning alone is kDone.
int report(const std::vector<Finding>& findings, bool json, const Values& values = {});

}  // namespace qeaas::cli
