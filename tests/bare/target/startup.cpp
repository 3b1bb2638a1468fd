// SPDX-License-Identifier: GPL-3.0-or-later
// What runs before program() on a bare Cortex-M3, and how it speaks to the host: Arm's semihosting calls (BKPT 0xab), which QEMU answers.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "frame/print.hpp"
#include "target/machine.hpp"

extern "C" {
extern std::uint8_t bss_begin[], bss_end[], main_stack_top[];
extern void (*const constructors_begin[])();
extern void (*const constructors_end[])();
[[noreturn]] void reset();
[[noreturn]] void fault();
}

namespace {

enum class Call : std::uint32_t { open = 0x01, write = 0x05, exit_extended = 0x20 };

std::uint32_t semihost(Call call, const void* block) noexcept {
  register std::uint32_t r0 asm("r0") = static_cast<std::uint32_t>(call);
  register const void* r1 asm("r1") = block;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

std::uint32_t standard_output() noexcept {
  static std::uint32_t handle = 0;
  if (handle == 0) {
    static constexpr char kConsole[] = ":tt";
    const std::array<std::uintptr_t, 3> block{reinterpret_cast<std::uintptr_t>(kConsole), 4 /* "w" */, sizeof(kConsole) - 1};
    handle = semihost(Call::open, block.data());
  }
  return handle;
}

// The first sixteen are the processor's own exceptions; no interrupt is ever enabled.
struct Vectors {
  const void* stack;
  void (*reset)();
  void (*faults[14])();
};
[[gnu::used, gnu::section(".vectors")]] const Vectors vectors{
    main_stack_top, reset, {fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};

}  // namespace

void frame::print(const char* text) noexcept {
  const std::array<std::uintptr_t, 3> block{standard_output(), reinterpret_cast<std::uintptr_t>(text), std::strlen(text)};
  semihost(Call::write, block.data());
}

void machine::leave(int code) noexcept {
  constexpr std::uint32_t kApplicationExit = 0x20026;
  const std::array<std::uint32_t, 2> block{kApplicationExit, static_cast<std::uint32_t>(code)};
  for (;;) semihost(Call::exit_extended, block.data());
}

void reset() {
  std::memset(bss_begin, 0, static_cast<std::size_t>(bss_end - bss_begin));
  for (auto* constructor = constructors_begin; constructor != constructors_end; ++constructor) (*constructor)();
  machine::leave(program());
}

void fault() {
  frame::print("the processor took an exception\n");
  machine::leave(3);
}
