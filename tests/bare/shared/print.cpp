// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame/print.hpp"

#include <array>
#include <cstddef>

namespace frame {

void print(std::uint32_t number) noexcept {
  std::array<char, 11> text{};
  std::size_t at = text.size() - 1;
  do {
    text[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  print(&text[at]);
}

void print_hex(std::span<const std::uint8_t> bytes) noexcept {
  constexpr const char* kDigits = "0123456789abcdef";
  for (const auto byte : bytes) {
    const std::array<char, 3> text{kDigits[byte >> 4], kDigits[byte & 15], '\0'};
    print(text.data());
  }
}

}  // namespace frame
