// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 validation by the table of RFC 3629 section 4.
#include "base/utf8.hpp"

#include <cstdint>

namespace qeaas {
namespace {

// Sequence is what a first byte demands: how long the sequence is and which range its second byte has.
struct Sequence {
  std::size_t length = 0;  // 0: no sequence begins with this byte
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
};

Sequence sequence(std::uint8_t first) noexcept {
  if (first < 0x80) return {1};
  if (first >= 0xc2 && first <= 0xdf) return {2};
  if (first == 0xe0) return {3, 0xa0, 0xbf};
  if (first == 0xed) return {3, 0x80, 0x9f};  // above are the surrogates
  if (first >= 0xe1 && first <= 0xef) return {3};
  if (first == 0xf0) return {4, 0x90, 0xbf};
  if (first == 0xf4) return {4, 0x80, 0x8f};
  if (first >= 0xf1 && first <= 0xf3) return {4};
  return {};
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const Sequence expected = sequence(byte(0));
  if (expected.length > text.size()) return 0;
  if (expected.length > 1 && (byte(1) < expected.low || byte(1) > expected.high)) return 0;
  for (std::size_t i = 2; i < expected.length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return expected.length;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace qeaas
