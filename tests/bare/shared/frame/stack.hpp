// SPDX-License-Identifier: GPL-3.0-or-later
// A stack that a test can look at afterwards.
#pragma once

#include <cstdint>
#include <span>

namespace frame {

inline constexpr std::uint8_t kPaint = 0xa5;

// on_painted_stack runs body(context) on a stack of its own, painted before, and gives that stack as body left it. The memory is the same
// in every call. Not for two threads at once.
std::span<const std::uint8_t> on_painted_stack(void (*body)(void*), void* context) noexcept;

}  // namespace frame
