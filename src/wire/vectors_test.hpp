// SPDX-License-Identifier: GPL-3.0-or-later
// For the tests of wire/: the vector files, and hexadecimal text as bytes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/hex.hpp"

namespace qeaas::test {

// vector_lines gives the lines of vectors/<name> that are neither empty nor comments.
inline std::vector<std::string> vector_lines(const std::string& name) {
  std::ifstream file(std::string(QEAAS_SOURCE_DIR) + "/vectors/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  return lines;
}

// bytes reads hexadecimal text; spaces are allowed.
inline std::vector<std::uint8_t> bytes(std::string_view hex) {
  std::string digits(hex);
  std::erase(digits, ' ');
  auto decoded = from_hex(digits);
  EXPECT_TRUE(decoded.has_value()) << hex;
  return decoded.value_or(std::vector<std::uint8_t>{});
}

}  // namespace qeaas::test
