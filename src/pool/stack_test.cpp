// SPDX-License-Identifier: GPL-3.0-or-later
// What the pool leaves on the stack. Each case makes the same calls twice, with different secrets, on a painted stack: what stays behind
// must be the same both times, to the byte, so that it cannot depend on any secret. On the host and on a bare Cortex-M3 (tests/bare).
#include <algorithm>

#include "frame/stack.hpp"
#include "frame/test.hpp"
#include "pool/boot_seed.hpp"
#include "pool/fake_flash.hpp"

namespace qeaas {
namespace {

struct Trial {
  EntropyPool pool;
  FakeFlash flash;
  BootSeed stored{flash};
  std::array<std::uint8_t, 300> data{};
  void (*work)(Trial&) = nullptr;
};

void do_work(void* run) { static_cast<Trial*>(run)->work(*static_cast<Trial*>(run)); }

struct Difference {
  std::size_t bytes;    // that the secret changed
  std::size_t touched;  // that the work wrote at all
};

// The pool lies at the same place both times, as addresses are no secrets.
Difference difference(void (*prepare)(Trial&), void (*work)(Trial&)) {
  static std::array<std::uint8_t, 64 * 1024> first;
  alignas(Trial) static std::array<std::uint8_t, sizeof(Trial)> room;
  Difference result{};
  for (const std::uint8_t secret : {std::uint8_t{0x11}, std::uint8_t{0xee}}) {
    Trial* const run = new (room.data()) Trial;
    run->data.fill(secret);
    prepare(*run);
    run->work = work;
    const auto stack = frame::on_painted_stack(do_work, run);
    if (secret == 0x11)
      std::copy(stack.begin(), stack.end(), first.begin());
    else
      for (std::size_t i = 0; i < stack.size(); ++i) {
        result.bytes += stack[i] != first[i];
        result.touched += stack[i] != frame::kPaint;
      }
    run->~Trial();
  }
  return result;
}

void expect_clean(void (*prepare)(Trial&), void (*work)(Trial&)) {
  const auto found = difference(prepare, work);
  EXPECT_EQ(found.bytes, 0U);
  EXPECT_GT(found.touched, 60U);
}

void seed(Trial& run) { run.pool.add(std::span(run.data).first(32), 256); }
void nothing(Trial&) {}

void keep_seed(Trial& run) {
  seed(run);
  BootSeed(run.flash).refresh(run.pool);
  run.pool.~EntropyPool();
  new (&run.pool) EntropyPool;
  run.pool.mix(run.data);
}

void loaded(Trial& run) {
  keep_seed(run);
  run.stored.load();
}

void renewed(Trial& run) {
  loaded(run);
  run.stored.renew(run.pool);
}

void replaced(Trial& run) {
  renewed(run);
  run.stored.store();
}

TEST(StackTest, TheTestSeesWhatIsLeft) {
  const auto found = difference(seed, [](Trial& run) {
    volatile std::uint8_t left[16];
    for (std::size_t i = 0; i < sizeof(left); ++i) left[i] = run.data[i];
  });
  EXPECT_EQ(found.bytes, 16U);
}

TEST(StackTest, NothingStaysOfAnExtraction) {
  expect_clean(seed, [](Trial& run) { run.pool.extract(run.data); });
}

TEST(StackTest, NothingStaysOfAnInjectionWithoutReseed) {
  expect_clean(nothing, [](Trial& run) { run.pool.mix(run.data); });  // 300 bytes: compressed at once, in part
}

TEST(StackTest, NothingStaysOfAReseed) {
  expect_clean(nothing, [](Trial& run) { run.pool.add(run.data, 256); });
}

// Each step ends the work, so that no later one covers what it leaves.
TEST(StackTest, NothingStaysOfAnyStepFromAStoredSeedToThePool) {
  expect_clean(keep_seed, [](Trial& run) { run.stored.load(); });
  expect_clean(loaded, [](Trial& run) { run.stored.renew(run.pool); });
  expect_clean(renewed, [](Trial& run) { run.stored.store(); });
  expect_clean(replaced, [](Trial& run) { run.stored.use(run.pool); });
}

TEST(StackTest, NothingStaysOfAStartFromAStoredSeed) {
  expect_clean(keep_seed, [](Trial& run) { run.stored.start(run.pool); });
}

TEST(StackTest, NothingStaysOfARefresh) {
  expect_clean(seed, [](Trial& run) { run.stored.refresh(run.pool); });
}

}  // namespace
}  // namespace qeaas
