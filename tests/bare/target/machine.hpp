// SPDX-License-Identifier: GPL-3.0-or-later
// The machine that a bare program runs on: QEMU's mps2-an385.
#pragma once

#include <cstdint>

// program is what an image is for; its result is QEMU's exit code.
int program();

namespace machine {

// leave ends QEMU with this exit code.
[[noreturn]] void leave(int code) noexcept;

// now counts the processor's 25 MHz clock; under -icount shift=0 an instruction is a nanosecond, so that 40 of them are one count.
inline constexpr std::uint32_t kInstructionsACount = 40;
void start_clock() noexcept;
std::uint32_t now() noexcept;

}  // namespace machine
