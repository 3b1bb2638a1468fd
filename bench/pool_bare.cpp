// SPDX-License-Identifier: GPL-3.0-or-later
// Instructions of the pool on a bare Cortex-M3, for item k of bench/run, which runs this image under QEMU's -icount shift=0: there every
// instruction takes a nanosecond of virtual time. A figure is the mean over many calls, less the same loop with a call of nothing.
#include <array>
#include <cstddef>
#include <cstdint>

#include "frame/print.hpp"
#include "frame/stack.hpp"
#include "pool/boot_seed.hpp"
#include "pool/fake_flash.hpp"
#include "target/machine.hpp"

namespace {

using namespace qeaas;

constexpr std::uint32_t kCalls = 512;  // a multiple of what 16 bytes need to fill a block, and to fill the pool

EntropyPool pool;
FakeFlash flash;
std::array<std::uint8_t, 8192> data;
std::size_t size;

void nothing() { asm volatile("" : : : "memory"); }
void hash() {
  Blake2s one;
  one.update(std::span(data).first(size));
  asm volatile("" : : "r"(&one) : "memory");
}
void extract() { pool.extract(std::span(data).first(size)); }
void mix() { pool.mix(std::span(data).first(size)); }
void add() { pool.add(std::span(data).first(size), static_cast<unsigned>(8 * size)); }
void start() {
  EntropyPool fresh;
  BootSeed(flash).start(fresh);
}

[[gnu::noipa]] std::uint32_t counts_of(void (*call)()) {
  const std::uint32_t begin = machine::now();
  for (std::uint32_t i = 0; i < kCalls; ++i) call();
  return machine::now() - begin;
}

std::uint32_t instructions(void (*call)()) { return (counts_of(call) - counts_of(nothing)) * machine::kInstructionsACount / kCalls; }

// stack_of is the depth that a call needs, below its caller. Of eight, as not every call compresses or reseeds.
std::uint32_t stack_of(void (*call)()) {
  const auto stack = frame::on_painted_stack(
      [](void* what) {
        for (int i = 0; i < 8; ++i) (*static_cast<void (**)()>(what))();
      },
      &call);
  std::uint32_t untouched = 0;
  while (untouched < stack.size() && stack[untouched] == frame::kPaint) ++untouched;
  return static_cast<std::uint32_t>(stack.size()) - untouched;
}

void report(const char* what, std::uint32_t bytes, void (*call)()) {
  size = bytes;
  frame::print(what);
  frame::print(" bytes=");
  frame::print(bytes);
  frame::print(" instructions=");
  frame::print(instructions(call));
  frame::print(" stack=");
  frame::print(stack_of(call));
  frame::print("\n");
}

}  // namespace

int program() {
  machine::start_clock();
  // Between these two lie 64 compressions and nothing else.
  report("hash", 4096, hash);
  report("hash", 8192, hash);
  pool.add(std::span(data).first(32), kPoolStateBits);
  for (const std::uint32_t bytes : {16U, 32U, 64U, 128U, 256U}) report("extract", bytes, extract);
  for (const std::uint32_t bytes : {16U, 32U, 64U, 128U, 256U}) report("mix", bytes, mix);
  for (const std::uint32_t bytes : {16U, 32U, 64U, 128U, 256U}) report("add", bytes, add);
  BootSeed(flash).refresh(pool);
  report("start", 32, start);
  return 0;
}
