// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a source that a test drives step by step, and an oracle that computes from the log of what was read which blocks
// may be given out. The oracle shares nothing with the pump but the health monitor and the conditioner.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "condition/conditioner.hpp"
#include "health/monitor.hpp"
#include "service/options.hpp"
#include "source/source.hpp"

namespace qeaas::test {

using Block = std::array<std::uint8_t, kBlockBytes>;
inline constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

// Script is shared by a test and its FakeSource.
class Script {
 public:
  explicit Script(std::string id = "fake", SourceKind kind = SourceKind::physical)
      : info{{id, kind, false}, 8, MinEntropy::from_whole_bits(4), "a test"}, random_(std::hash<std::string>{}(id)&0xffffffffU) {}

  SourceInfo info;  // set before the source is handed over

  // feed lets the source give at least so many samples, and waits until the pump has dealt with them and asks for more.
  void feed(std::uint64_t samples) {
    std::unique_lock lock(mutex_);
    budget_ += samples;
    asked_ = false;
    changed_.notify_all();
    changed_.wait(lock, [this] { return asked_ && budget_ == 0; });
  }
  void feed_freely() {
    set([this] { budget_ = kUnlimited; });
  }
  void stick(bool stuck) {
    set([=, this] { stuck_ = stuck; });
  }
  // hiccup makes the next read hold 12 equal samples in a row: an intermittent failure at 4 bits a sample, not a permanent one.
  void hiccup() {
    set([this] { hiccup_ = true; });
  }
  void vanish() {
    set([this] { gone_ = true; });
  }
  void come_back() {
    set([this] { gone_ = false; });
  }
  void refuse_opens(unsigned times) {
    set([=, this] { refusals_ = times; });
  }
  void wait_for_opens(unsigned times) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return opens_ >= times; });
  }

  struct Event {
    bool opened = false;  // otherwise a read
    std::vector<std::uint8_t> samples;
  };
  std::vector<Event> log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  friend class FakeSource;
  template <class Change>
  void set(const Change& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  bool open() {
    const std::lock_guard lock(mutex_);
    ++opens_;
    changed_.notify_all();
    if (refusals_ > 0) {
      --refusals_;
      return false;
    }
    if (!gone_) log_.push_back({true, {}});
    return !gone_;
  }
  Status read(MutableBytes samples) {
    std::unique_lock lock(mutex_);
    if (budget_ == 0) {
      asked_ = true;
      changed_.notify_all();
    }
    changed_.wait(lock, [this] { return budget_ > 0 || interrupted_ || gone_; });
    if (interrupted_) return fail(Error::closed);
    if (gone_) return fail(Error::source_gone);
    for (auto& sample : samples) sample = stuck_ ? 0x55 : static_cast<std::uint8_t>(random_());
    if (std::exchange(hiccup_, false)) std::fill_n(samples.begin() + 100, 12, std::uint8_t{0x33});
    log_.push_back({false, {samples.begin(), samples.end()}});
    if (budget_ != kUnlimited) budget_ -= std::min<std::uint64_t>(budget_, samples.size());
    return {};
  }
  void interrupt() {
    set([this] { interrupted_ = true; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::mt19937 random_;
  std::uint64_t budget_ = 0;
  unsigned refusals_ = 0;
  unsigned opens_ = 0;
  bool asked_ = false;
  bool stuck_ = false;
  bool hiccup_ = false;
  bool gone_ = false;
  bool interrupted_ = false;
  std::vector<Event> log_;
};

class FakeSource final : public Source {
 public:
  explicit FakeSource(std::shared_ptr<Script> script) : script_(std::move(script)), info_(script_->info) {}
  const SourceInfo& info() const noexcept override { return info_; }
  Outcome<void> open() noexcept override {
    if (!script_->open()) return fault(Error::source_gone, "the fake does not open");
    return {};
  }
  Status read(MutableBytes samples) noexcept override { return script_->read(samples); }
  void close() noexcept override {}
  void interrupt() noexcept override { script_->interrupt(); }

 private:
  std::shared_ptr<Script> script_;
  SourceInfo info_;
};

inline SourceSetup setup_of(const std::shared_ptr<Script>& script, bool contribute = false) {
  return {std::make_unique<FakeSource>(script), contribute};
}

// Legal is what the oracle allows: blocks in order of making, and the alarm epoch of each.
struct Legal {
  std::vector<Block> blocks;
  std::vector<unsigned> epochs;
  unsigned alarms = 0;
  std::optional<std::size_t> find(const Block& block) const {
    const auto at = std::find(blocks.begin(), blocks.end(), block);
    if (at == blocks.end()) return std::nullopt;
    return static_cast<std::size_t>(at - blocks.begin());
  }
};

// oracle holds as long as the reservoirs never all fill up (then samples are discarded, which it does not follow).
inline Legal oracle(const std::vector<Script::Event>& log, const SourceInfo& info) {
  Legal legal;
  HealthMonitor monitor(info.sample_bits, info.per_sample);
  const auto conditioner = make_sha256_conditioner(info.per_sample);
  std::vector<std::uint8_t> waiting;
  for (const auto& event : log) {
    const auto verdict = event.opened ? Verdict::drop : monitor.examine(event.samples);
    if (event.opened || verdict == Verdict::alarm) monitor.restart();
    if (verdict == Verdict::alarm) ++legal.alarms;
    if (verdict != Verdict::use) waiting.clear();
    if (verdict == Verdict::use) waiting.insert(waiting.end(), event.samples.begin(), event.samples.end());
    while (waiting.size() >= conditioner->samples_per_block()) {
      const auto used = static_cast<std::ptrdiff_t>(conditioner->samples_per_block());
      conditioner->condition(Bytes(waiting).first(conditioner->samples_per_block()), legal.blocks.emplace_back());
      legal.epochs.push_back(legal.alarms);
      waiting.erase(waiting.begin(), waiting.begin() + used);
    }
  }
  return legal;
}
inline Legal oracle(Script& script) { return oracle(script.log(), script.info); }

// quick are options whose waits are short, so that a test does not wait for them.
inline ServiceOptions quick() {
  ServiceOptions options;
  options.back_off_first = std::chrono::milliseconds(1);
  options.back_off_limit = std::chrono::milliseconds(2);
  options.idle_test_interval = std::chrono::milliseconds(1);
  return options;
}
inline constexpr std::chrono::seconds kPatience{60};  // how long a test waits for what must happen before it fails
inline constexpr std::uint64_t kStartup = HealthMonitor::kStartupSamples;

}  // namespace qeaas::test
