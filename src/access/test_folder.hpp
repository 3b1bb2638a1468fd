// SPDX-License-Identifier: GPL-3.0-or-later
// For tests of access/ only: a private folder that goes away with the test, and values to fill a store with.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "access/access.hpp"

namespace qeaas::access {

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "qeaas-access-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path database() const { return folder_ / kStoreFile; }

  std::filesystem::path folder_;
};

inline std::vector<std::uint8_t> pattern_bytes(std::size_t size, std::uint8_t first) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}
inline Credential psk(std::string_view identity, std::uint8_t first = 1) {
  return std::move(*Credential::psk(identity, pattern_bytes(32, first)));
}
// fake_spki looks enough like DER: the identity is its hash.
inline std::vector<std::uint8_t> fake_spki(std::uint8_t first) {
  auto bytes = pattern_bytes(44, first);
  bytes[0] = 0x30;
  return bytes;
}

inline constexpr std::int64_t kMorning = 20'000 * std::int64_t{86'400};  // the first second of a day

inline Clocks clocks(std::int64_t seconds) {
  return {std::chrono::steady_clock::time_point(std::chrono::seconds(seconds)), WallTime(std::chrono::seconds(seconds))};
}
inline Instant at(std::int64_t seconds) {
  return {std::chrono::steady_clock::time_point(std::chrono::seconds(seconds)), WallTime(std::chrono::seconds(seconds))};
}

}  // namespace qeaas::access
