// SPDX-License-Identifier: GPL-3.0-or-later
// Standard output, without a C library.
#pragma once

#include <cstdint>
#include <span>

namespace frame {

void print(const char* text) noexcept;
void print(std::uint32_t number) noexcept;
void print_hex(std::span<const std::uint8_t> bytes) noexcept;

}  // namespace frame
