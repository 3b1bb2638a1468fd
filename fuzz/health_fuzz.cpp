// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: HealthMonitor and Ledger as a state machine. The input is a claim, then commands: blocks of samples made from the
// bytes that follow in several ways, blocks of wrong sizes, restarts. Properties:
//   1. The verdict and the state are those of a model over the slow, literal tests (health/reference.hpp), block by block.
//   2. Nothing is usable before a start-up of kStartupSamples has passed, nor its own samples.
//   3. A latched alarm stays until restart; Verdict::alarm comes once, with the block that raised it.
//   4. Counters only grow, tested + untested samples are accounted for, and dropped samples are those of every verdict but use.
//   5. With each used block credited, the ledger never gives one bit more than it took, whatever is debited.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "condition/ledger.hpp"
#include "health/frequency.hpp"
#include "health/monitor.hpp"
#include "health/reference.hpp"

namespace {

using namespace qeaas;
using health::Severity;

void require(bool property) {
  if (!property) std::abort();
}

class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  Bytes take(std::size_t count) {
    const Bytes taken = bytes_.first(std::min(count, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes bytes_;
};

// The slow tests of one stretch between restarts. The repeat test has no second form: its own object stands in.
struct Tests {
  Tests(unsigned sample_bits, MinEntropy h, const health::LagTest& lag_cutoffs)
      : rct_cutoffs(health::rct_cutoffs(h)),
        rct(rct_cutoffs),
        apt(health::apt_window(sample_bits), health::apt_cutoffs(health::apt_window(sample_bits), h)),
        lag(lag_cutoffs.cutoffs(), lag_cutoffs.long_cutoffs()),
        repeat(h) {}
  health::Cutoffs rct_cutoffs;
  health::ReferenceRepetitionCount rct;
  health::ReferenceAdaptiveProportion apt;
  health::ReferenceLag lag;
  health::RepeatTest repeat;
  health::FrequencyRule frequency;
  bool in_failing_run = false;
  std::size_t startup_samples = 0;
};

class Model {
 public:
  Model(unsigned sample_bits, MinEntropy h)
      : sample_bits_(sample_bits), h_(h), lag_cutoffs_(h), tests_(std::make_unique<Tests>(sample_bits, h, lag_cutoffs_)) {}

  void restart() {
    tests_ = std::make_unique<Tests>(sample_bits_, h_, lag_cutoffs_);
    state_ = HealthState::starting;
  }
  HealthState state() const { return state_; }

  Verdict examine(Bytes samples) {
    if (state_ == HealthState::alarmed) return Verdict::drop;
    if (samples.empty() || samples.size() % HealthMonitor::kBlockMultiple != 0) return Verdict::drop;
    tested_ += samples.size();
    const bool was_failing = tests_->in_failing_run;
    Severity rct = Severity::passed;
    for (const std::uint8_t sample : samples) {
      const Severity now = tests_->rct.next(sample);
      tests_->in_failing_run = now != Severity::passed;
      rct = std::max(rct, now);
    }
    Severity worst = std::max({rct, health::worst_of(tests_->apt, samples), health::worst_of(tests_->lag, samples)});
    if (tests_->repeat.examine(samples) != Severity::passed) worst = Severity::permanent;
    for (const std::uint8_t sample : samples) {
      if (sample >> sample_bits_ != 0) worst = Severity::permanent;
    }
    const bool fresh = !was_failing || rct == Severity::passed;
    return decide(worst, fresh, samples.size());
  }

 private:
  Verdict decide(Severity worst, bool fresh, std::size_t samples) {
    const bool starting = state_ == HealthState::starting;
    const bool latch = worst == Severity::permanent || (worst == Severity::intermittent && starting) ||
                       (worst == Severity::intermittent && fresh && tests_->frequency.too_often(tested_));
    if (latch) {
      state_ = HealthState::alarmed;
      return Verdict::alarm;
    }
    if (worst == Severity::intermittent) return Verdict::drop;
    if (!starting) return Verdict::use;
    tests_->startup_samples += samples;
    if (tests_->startup_samples >= HealthMonitor::kStartupSamples) state_ = HealthState::healthy;
    return Verdict::drop;
  }

  unsigned sample_bits_;
  MinEntropy h_;
  health::LagTest lag_cutoffs_;
  std::unique_ptr<Tests> tests_;
  HealthState state_ = HealthState::starting;
  std::uint64_t tested_ = 0;
};

// scatter fills samples from a small generator: good samples, so that a start-up can pass.
void scatter(std::vector<std::uint8_t>& samples, std::uint64_t& seed, unsigned sample_bits) {
  for (auto& sample : samples) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    sample = static_cast<std::uint8_t>(seed >> (64 - sample_bits));
  }
}

// make_block turns the input into one block: good samples with the input's bytes over them here and there, or nothing but input.
std::vector<std::uint8_t> make_block(Input& input, unsigned sample_bits, std::uint64_t& seed) {
  const std::uint8_t shape = input.byte();
  std::vector<std::uint8_t> samples(HealthMonitor::kBlockMultiple * (1 + shape % 5));
  if (shape & 0x80) samples.resize(samples.size() - 1 - input.byte());
  scatter(samples, seed, sample_bits);
  const std::uint8_t mask = static_cast<std::uint8_t>((shape & 0x40) != 0 ? 0xff : 0xff >> (8 - sample_bits));
  const Bytes pattern = input.take(shape >> 2 & 0x0c);
  if (pattern.empty()) return samples;
  // From a place on, every stride-th sample is the pattern's, for a while.
  std::size_t at = input.byte() * samples.size() / 256;
  const std::size_t stride = 1 + input.byte() % 20;
  std::size_t left = input.byte() * 16U;
  for (std::size_t i = 0; at < samples.size() && left > 0; at += stride, --left) samples[at] = pattern[i++ % pattern.size()] & mask;
  return samples;
}

void check_counters(const HealthCounters& before, const HealthCounters& now, std::size_t size, Verdict verdict) {
  require(now.samples_tested == before.samples_tested || now.samples_tested == before.samples_tested + size);
  require(now.samples_dropped == before.samples_dropped + (verdict == Verdict::use ? 0 : size));
  require(now.permanent_failures == before.permanent_failures + (verdict == Verdict::alarm));
  require(now.intermittent_failures >= before.intermittent_failures && now.startups_passed >= before.startups_passed);
  if (verdict == Verdict::use) require(now.intermittent_failures == before.intermittent_failures);
}

void spend(Ledger& ledger, Input& input) {
  const auto consumed = MinEntropy::from_microbits(std::uint64_t{input.byte()} << (input.byte() % 40));
  const auto out = MinEntropy::from_microbits(std::uint64_t{input.byte()} << (input.byte() % 40));
  const MinEntropy balance = ledger.balance();
  require(ledger.debit(consumed, out).has_value() == (consumed <= balance && out <= consumed));
  const LedgerEntry entry = ledger.snapshot();
  require(entry.full_out_bits <= entry.consumed_bits);
  require(entry.consumed_bits + entry.discarded_bits <= entry.assessed_in_bits);
}

class Machine {
 public:
  explicit Machine(Input& input)
      : sample_bits_(1 + input.byte() % 8),
        h_(MinEntropy::from_microbits(1 + std::uint64_t{input.byte()} * sample_bits_ * kMicrobitsPerBit / 256)),
        monitor_(sample_bits_, h_),
        model_(sample_bits_, h_) {}

  void step(Input& input) {
    switch (input.byte() % 8) {
      case 0: restart(); break;
      case 1: spend(ledger_, input); break;
      case 2: ledger_.discard_balance(); break;
      case 3: examine(std::exchange(last_, {})); break;
      default: examine(make_block(input, sample_bits_, seed_));
    }
  }

 private:
  void restart() {
    monitor_.restart();
    model_.restart();
    startup_ = 0;
    require(monitor_.state() == HealthState::starting);
  }

  void examine(std::vector<std::uint8_t> block) {
    const HealthCounters before = monitor_.counters();
    const HealthState state = monitor_.state();
    const Verdict verdict = monitor_.examine(block);
    require(verdict == model_.examine(block) && monitor_.state() == model_.state());
    if (state != HealthState::healthy) require(verdict != Verdict::use);
    if (state == HealthState::alarmed) require(verdict == Verdict::drop && monitor_.state() == HealthState::alarmed);
    if (verdict == Verdict::alarm) require(monitor_.state() == HealthState::alarmed && !monitor_.last_failure().empty());
    if (verdict == Verdict::use) require(startup_ >= HealthMonitor::kStartupSamples);
    check_counters(before, monitor_.counters(), block.size(), verdict);
    startup_ += monitor_.counters().samples_tested - before.samples_tested;
    verdict == Verdict::use ? ledger_.credit(h_, block.size()) : ledger_.drop(h_, block.size());
    last_ = std::move(block);
  }

  unsigned sample_bits_;
  MinEntropy h_;
  HealthMonitor monitor_;
  Model model_;
  Ledger ledger_;
  std::uint64_t seed_ = 1;
  std::uint64_t startup_ = 0;  // samples tested since the last restart
  std::vector<std::uint8_t> last_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  Machine machine(input);
  for (int commands = 0; commands < 24 && !input.empty(); ++commands) machine.step(input);
  return 0;
}
