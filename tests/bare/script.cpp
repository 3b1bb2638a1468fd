// SPDX-License-Identifier: GPL-3.0-or-later
// A long life of a pool with a stored seed, the same on the host and on a bare Cortex-M3: prints every output, level and stored record.
// ctest compares the two texts, so that "identical on host and firmware" is seen and not believed.
#include "frame/print.hpp"
#include "pool/boot_seed.hpp"
#include "pool/fake_flash.hpp"
#include "script.hpp"

namespace {

using namespace qeaas;

// Dice makes the script's choices: a linear congruence, so that both machines make the same.
class Dice {
 public:
  std::uint32_t below(std::uint32_t limit) noexcept {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 8) % limit;
  }
  void fill(std::span<std::uint8_t> bytes) noexcept {
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(below(256));
  }

 private:
  std::uint32_t state_ = 2026;
};

void print_pool(const EntropyPool& pool) {
  const std::array<std::uint32_t, 5> values{pool.seeded(), pool.wants_refill(), pool.level_bits(), pool.pending_bits(), pool.reseeds()};
  for (const auto value : values) {
    frame::print(" ");
    frame::print(value);
  }
  frame::print("\n");
}

void print_flash(const FakeFlash& flash) {
  for (const auto& slot : flash.slots) {
    frame::print("slot ");
    frame::print_hex(slot);
    frame::print("\n");
  }
}

void step(EntropyPool& pool, Dice& dice) {
  static std::array<std::uint8_t, 300> bytes;
  const auto some = std::span(bytes).first(dice.below(bytes.size() + 1));
  switch (dice.below(4)) {
    case 0:
      dice.fill(some);
      pool.mix(some);
      frame::print("mix");
      break;
    case 1:
      dice.fill(some);
      pool.add(some, dice.below(300));
      frame::print("add");
      break;
    case 2:
      pool.credit(dice.below(40));
      frame::print("credit");
      break;
    default:
      frame::print(pool.extract(some) ? "extract " : "refused ");
      frame::print_hex(some);
      break;
  }
  print_pool(pool);
}

void one_life(FakeFlash& flash, Dice& dice) {
  EntropyPool pool({.full_bits = 256, .low_bits = dice.below(256)});
  BootSeed seed(flash, {.credit = dice.below(4) != 0, .reseeds_a_write = 1 + dice.below(4)});
  frame::print("start ");
  frame::print(static_cast<std::uint32_t>(seed.start(pool)));
  print_pool(pool);
  for (unsigned i = 0; i < 40; ++i) {
    step(pool, dice);
    if (seed.stale(pool)) frame::print(seed.refresh(pool) ? "refreshed\n" : "not refreshed\n");
  }
  print_flash(flash);
}

}  // namespace

int run_script() {
  FakeFlash flash;
  Dice dice;
  for (unsigned life = 0; life < 12; ++life) {
    flash.power = life % 4 == 3 ? 40 + dice.below(40) : FakeFlash::kEndless;
    one_life(flash, dice);
  }
  frame::print("end\n");
  return 0;
}
