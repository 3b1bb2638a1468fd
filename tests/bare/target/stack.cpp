// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame/stack.hpp"

#include <array>
#include <cstring>

namespace frame {
namespace {

alignas(8) std::array<std::uint8_t, 16 * 1024> stack;

// Calls body(context) on the stack that ends at top. The registers that body may save are cleared first: those of its callers are no
// residue of body's.
[[gnu::naked]] void call_on(void (* /*body*/)(void*), void* /*context*/, std::uint8_t* /*top*/) {
  asm volatile(
      "push {r4-r11, lr}\n"
      "mov r12, sp\n"
      "mov sp, r2\n"
      "push {r0, r12}\n"
      "mov r3, r0\n"
      "mov r0, r1\n"
      "movs r4, #0\n movs r5, #0\n movs r6, #0\n movs r7, #0\n"
      "mov r8, r4\n mov r9, r4\n mov r10, r4\n mov r11, r4\n"
      "blx r3\n"
      "pop {r0, r12}\n"
      "mov sp, r12\n"
      "pop {r4-r11, pc}\n");
}

}  // namespace

std::span<const std::uint8_t> on_painted_stack(void (*body)(void*), void* context) noexcept {
  std::memset(stack.data(), kPaint, stack.size());
  call_on(body, context, stack.data() + stack.size());
  return stack;
}

}  // namespace frame
