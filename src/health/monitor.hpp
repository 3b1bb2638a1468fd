// SPDX-License-Identifier: GPL-3.0-or-later
// HealthMonitor: what stands between a source and the rest of the stream. It runs the continuous tests (SP 800-90B 4.4) on every
// block of samples, start-up tests before the first use, and latches an alarm until start-up tests pass again. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/secret.hpp"
#include "base/units.hpp"

namespace qeaas {

enum class HealthState : std::uint8_t {
  starting,  // start-up tests are under way; nothing may be used
  healthy,   // the last block passed
  alarmed,   // a permanent failure is latched; nothing may be used
};
std::string_view name(HealthState state) noexcept;

enum class Verdict : std::uint8_t {
  use,    // the whole block passed and the source is healthy
  drop,   // do not use this block: start-up sample, or an intermittent failure
  alarm,  // do not use this block, nor blocks of this source not yet served: a permanent failure, now latched
};

// HealthCounters only grow. Samples, not bytes.
struct HealthCounters {
  std::uint64_t samples_tested = 0;
  std::uint64_t samples_dropped = 0;        // of every block whose verdict was not use
  std::uint64_t intermittent_failures = 0;  // blocks; whatever happens again and again is permanent too
  std::uint64_t permanent_failures = 0;     // alarms latched
  std::uint64_t startups_passed = 0;
};

class HealthMonitor {
 public:
  static constexpr std::size_t kStartupSamples = 4096;  // SP 800-90B 4.3: at least 1,024
  static constexpr std::size_t kBlockMultiple = 1024;   // feed blocks of a multiple of this many samples

  // per_sample is the claimed min-entropy H of one sample of sample_bits bits; H must be above 0 and at most sample_bits. With any
  // other claim the monitor is alarmed from the start, and stays so.
  HealthMonitor(unsigned sample_bits, MinEntropy per_sample);
  ~HealthMonitor();
  HealthMonitor(HealthMonitor&&) noexcept;
  HealthMonitor& operator=(HealthMonitor&&) noexcept;

  // examine tests one block (a multiple of kBlockMultiple samples) and says what may be done with it. A block of any other size
  // is not tested, hence dropped; so is every block between an alarm and a start-up that passes. Verdict::alarm comes once, for
  // the block that raised it.
  Verdict examine(Bytes samples) noexcept;
  // restart begins start-up tests anew: after an alarm, or when a source has come back.
  void restart() noexcept;

  HealthState state() const noexcept;
  const HealthCounters& counters() const noexcept;
  // last_failure names the test that failed last ("repetition count", "adaptive proportion", ...); empty if none has.
  std::string_view last_failure() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qeaas
