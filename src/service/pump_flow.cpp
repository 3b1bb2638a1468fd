// SPDX-License-Identifier: GPL-3.0-or-later
// The thread of one source, second half: samples in, tested, conditioned, handed out. The one place where raw samples, partial
// input and fresh blocks are in memory; all three are wiped here.
#include <algorithm>

#include "service/pump.hpp"

namespace qeaas {

void Pump::serve() noexcept {
  while (!stopping()) {
    const bool room = wait_for_room();
    if (stopping()) return;
    const auto begun = Clock::now();
    const auto blocks_before = produced_blocks_;
    const auto samples = raw_.span().first(read_samples_);
    const auto got = source_->read(samples);
    if (got) {
      examine(samples);
      observe(samples, begun);
    }
    wipe(samples);
    if (!got) {
      if (!stopping()) lost(name(got.error()));
      return;
    }
    measure(begun, blocks_before, room);
    publish();
    if (monitor_->state() != HealthState::alarmed) continue;
    back_off();
    monitor_->restart();
  }
}

void Pump::examine(Bytes samples) noexcept {
  const auto intermittent = monitor_->counters().intermittent_failures;
  const auto verdict = monitor_->examine(samples);
  if (verdict == Verdict::use) {
    ledger_.credit(info_.per_sample, samples.size());
  } else {
    // SP 800-90B 4.3: outputs around a failure are not used; neither is what waited to be completed by this block.
    ledger_.drop(info_.per_sample, samples.size());
    drop_carried();
  }
  if (verdict == Verdict::alarm) return alarm();
  if (monitor_->counters().intermittent_failures != intermittent) record(EventKind::intermittent, monitor_->last_failure());
  if (monitor_->state() == HealthState::healthy && state() != SourceState::healthy) became_healthy();
  if (verdict != Verdict::use) return;
  if (++settled_blocks_ == kSettledBlocks) next_back_off_ = options_.back_off_first;
  take(samples);
}

// observe counts samples for those who look on, also those that failed a test: a broken source is the one to look at.
void Pump::observe(Bytes samples, TimePoint now) noexcept {
  if (!window_.count(samples, now)) return;
  const std::lock_guard lock(status_mutex_);
  raw_statistics_ = window_.full();
}

void Pump::take(Bytes samples) noexcept {
  const auto whole = conditioner_->samples_per_block();
  while (!samples.empty()) {
    const auto part = samples.first(std::min(whole - carried_samples_, samples.size()));
    samples = samples.subspan(part.size());
    bool made = true;
    if (part.size() == whole) {
      made = produce(part);
    } else {
      std::copy(part.begin(), part.end(), carried_.span().begin() + static_cast<std::ptrdiff_t>(carried_samples_));
      carried_samples_ += part.size();
      if (carried_samples_ < whole) return;
      made = produce(carried_.span());
      wipe(carried_.span());
      carried_samples_ = 0;
    }
    if (!made) return drop_carried();  // all reservoirs are full: the rest of the samples is booked as discarded
  }
}

bool Pump::produce(Bytes samples) noexcept {
  Reservoir* ring = next_with_room();
  if (ring == nullptr) return false;
  if (!ledger_.debit(info_.per_sample * samples.size(), MinEntropy::from_whole_bits(kBlockBits))) return false;
  Secret<kBlockBytes> block;
  conditioner_->condition(samples, block.span());
  ++produced_blocks_;
  ring->push(block.span(), generation_.load(std::memory_order_relaxed));
  note_fed(next_ring_);
  next_ring_ = (next_ring_ + 1) % rings_.size();
  return true;
}

Reservoir* Pump::next_with_room() noexcept {
  for (std::size_t tried = 0; tried < rings_.size(); ++tried, next_ring_ = (next_ring_ + 1) % rings_.size()) {
    if (!rings_[next_ring_]->full()) return rings_[next_ring_].get();
  }
  return nullptr;
}

void Pump::note_fed(std::size_t ring_index) noexcept {
  if (fed_[ring_index]) return;
  fed_[ring_index] = true;
  if (std::all_of(fed_.begin(), fed_.end(), [](bool fed) { return fed; })) primed_.store(true, std::memory_order_release);
}

void Pump::drop_carried() noexcept {
  wipe(carried_.span());
  carried_samples_ = 0;
  ledger_.discard_balance();
}

// measure keeps the rate for retry times, and reads a slow source in smaller pieces so that its bytes are not held back.
void Pump::measure(TimePoint begun, std::uint64_t blocks_before, bool room) noexcept {
  const auto time = Clock::now() - begun;
  if (time < 2ms) read_samples_ = std::min(read_samples_ * 2, kMaxReadSamples);
  if (time > 50ms) read_samples_ = HealthMonitor::kBlockMultiple;
  if (!room || state() != SourceState::healthy) return;  // start-up and idle tests say nothing about the rate
  measured_time_ += std::max<Clock::duration>(time, 1us);
  measured_blocks_ += produced_blocks_ - blocks_before;
  const auto rate = static_cast<double>(measured_blocks_ * kBlockBits) / std::chrono::duration<double>(measured_time_).count();
  bits_per_second_.store(static_cast<std::uint64_t>(rate), std::memory_order_relaxed);
  if (measured_time_ < 1s) return;
  measured_time_ = {};
  measured_blocks_ = 0;
}

// wait_for_room is true when there is room for blocks. It waits while there is none, from all reservoirs full until one is low, and
// returns false now and then, when one block should be read for the health tests alone.
bool Pump::wait_for_room() noexcept {
  if (monitor_->state() != HealthState::healthy) return true;
  if (!idle_ && !all_full()) return true;
  std::unique_lock lock(sleep_mutex_);
  sleeping_.store(true);
  woken_.wait_for(lock, options_.idle_test_interval, [this] { return stopping() || demanded_.load() || any_low(); });
  sleeping_.store(false);
  const bool asked = demanded_.exchange(false);
  const bool room = any_low() || (asked && !all_full());
  idle_ = !room;
  return room;
}

bool Pump::any_low() const noexcept {
  return std::any_of(rings_.begin(), rings_.end(), [](const auto& ring) { return ring->low(); });
}

bool Pump::all_full() const noexcept {
  return std::all_of(rings_.begin(), rings_.end(), [](const auto& ring) { return ring->full(); });
}

}  // namespace qeaas
