// SPDX-License-Identifier: GPL-3.0-or-later
// HealthMonitor: the tests composed, the start-up, and the latch.
#include "health/monitor.hpp"

#include <array>

#include "health/continuous.hpp"
#include "health/developer.hpp"
#include "health/frequency.hpp"
#include "health/lanes.hpp"

namespace qeaas {
namespace {

using health::Severity;

constexpr unsigned kMostSampleBits = 8;

bool is_valid(unsigned sample_bits, MinEntropy per_sample) noexcept {
  return sample_bits >= 1 && sample_bits <= kMostSampleBits && per_sample > MinEntropy() &&
         per_sample <= MinEntropy::from_whole_bits(sample_bits);
}

}  // namespace

std::string_view name(HealthState state) noexcept {
  switch (state) {
    case HealthState::starting: return "starting";
    case HealthState::healthy: return "healthy";
    case HealthState::alarmed: return "alarmed";
  }
  return "alarmed";
}

struct HealthMonitor::State {
  // An invalid claim gets the strictest valid one, and never leaves the alarm.
  State(unsigned sample_bits, MinEntropy claimed)
      : valid(is_valid(sample_bits, claimed)),
        foreign_bits(static_cast<std::uint8_t>(valid ? 0xffU << sample_bits : 0)),
        repetition(valid ? claimed : MinEntropy::from_whole_bits(kMostSampleBits)),
        proportion(valid ? sample_bits : kMostSampleBits, valid ? claimed : MinEntropy::from_whole_bits(kMostSampleBits)),
        lag(valid ? claimed : MinEntropy::from_whole_bits(kMostSampleBits)),
        repeat(valid ? claimed : MinEntropy::from_whole_bits(kMostSampleBits)) {
    restart();
  }

  void restart() noexcept;
  Verdict judge(Bytes samples) noexcept;
  Severity run_tests(Bytes samples) noexcept;
  void note(std::string_view test, Severity result, Severity& worst) noexcept;
  Verdict intermittent() noexcept;
  Verdict latch() noexcept;

  const bool valid;
  const std::uint8_t foreign_bits;  // those that no sample may have
  health::RepetitionCountTest repetition;
  health::AdaptiveProportionTest proportion;
  health::LagTest lag;
  health::RepeatTest repeat;
  health::FrequencyRule frequency;
  bool fresh = false;  // the block holds a failure that is not merely the rest of an earlier run
  HealthState state = HealthState::starting;
  std::size_t startup_left = kStartupSamples;
  HealthCounters counters;
  std::string_view last_failure;
};

void HealthMonitor::State::restart() noexcept {
  repetition.reset();
  proportion.reset();
  lag.reset();
  repeat.reset();
  frequency.reset();
  startup_left = kStartupSamples;
  state = valid ? HealthState::starting : HealthState::alarmed;
  if (!valid) last_failure = "claimed min-entropy out of range";
}

// note keeps the first of the worst failures; the tests that the standard prescribes run first.
void HealthMonitor::State::note(std::string_view test, Severity result, Severity& worst) noexcept {
  if (result <= worst) return;
  last_failure = test;
  worst = result;
}

Severity HealthMonitor::State::run_tests(Bytes samples) noexcept {
  Severity worst = Severity::passed;
  const bool within_failing_run = repetition.failing();
  note("repetition count", repetition.examine(samples), worst);
  fresh = !within_failing_run;
  const Severity so_far = worst;
  note("adaptive proportion", proportion.examine(samples), worst);
  note("lag", lag.examine(samples), worst);
  note("repeat", repeat.examine(samples), worst);
  fresh = fresh || worst != so_far;
  const bool foreign = foreign_bits != 0 && (health::any_bits(samples) & foreign_bits) != 0;
  note("sample width", foreign ? Severity::permanent : Severity::passed, worst);
  return worst;
}

Verdict HealthMonitor::State::latch() noexcept {
  ++counters.permanent_failures;
  state = HealthState::alarmed;
  return Verdict::alarm;
}

// intermittent drops the block, or latches when such failures come more often than chance.
Verdict HealthMonitor::State::intermittent() noexcept {
  ++counters.intermittent_failures;
  if (state == HealthState::starting) return latch();
  if (!fresh || !frequency.too_often(counters.samples_tested)) return Verdict::drop;
  last_failure = "intermittent failures too often";
  return latch();
}

Verdict HealthMonitor::State::judge(Bytes samples) noexcept {
  if (state == HealthState::alarmed) return Verdict::drop;
  // The tests' windows divide kBlockMultiple. What does not fit is not tested, hence not used.
  if (samples.empty() || samples.size() % kBlockMultiple != 0) return Verdict::drop;
  counters.samples_tested += samples.size();
  const Severity worst = run_tests(samples);
  if (worst == Severity::permanent) return latch();
  if (worst == Severity::intermittent) return intermittent();
  if (state == HealthState::healthy) return Verdict::use;
  startup_left -= std::min(startup_left, samples.size());
  if (startup_left == 0) {
    ++counters.startups_passed;
    state = HealthState::healthy;
  }
  return Verdict::drop;
}

HealthMonitor::HealthMonitor(unsigned sample_bits, MinEntropy per_sample) : state_(std::make_unique<State>(sample_bits, per_sample)) {}
HealthMonitor::~HealthMonitor() = default;
HealthMonitor::HealthMonitor(HealthMonitor&&) noexcept = default;
HealthMonitor& HealthMonitor::operator=(HealthMonitor&&) noexcept = default;

Verdict HealthMonitor::examine(Bytes samples) noexcept {
  const Verdict verdict = state_->judge(samples);
  if (verdict != Verdict::use) state_->counters.samples_dropped += samples.size();
  return verdict;
}

void HealthMonitor::restart() noexcept { state_->restart(); }
HealthState HealthMonitor::state() const noexcept { return state_->state; }
const HealthCounters& HealthMonitor::counters() const noexcept { return state_->counters; }
std::string_view HealthMonitor::last_failure() const noexcept { return state_->last_failure; }

}  // namespace qeaas
