// SPDX-License-Identifier: GPL-3.0-or-later
// Pump: the thread of one source. It opens and reads the source, has every block of samples tested, conditions what passed and
// hands full-entropy blocks to the workers' reservoirs. Nothing else touches the source. The public members are for other threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "condition/conditioner.hpp"
#include "condition/ledger.hpp"
#include "health/monitor.hpp"
#include "service/event_history.hpp"
#include "service/options.hpp"
#include "service/raw_statistics.hpp"
#include "service/reservoir.hpp"
#include "service/signal.hpp"
#include "service/status.hpp"

namespace qeaas {

class Pump {
 public:
  // One reservoir per entry of ring_blocks. options, signal and events must outlive the pump.
  Pump(SourceSetup setup, const ServiceOptions& options, const std::vector<std::size_t>& ring_blocks, Signal& signal, EventHistory& events);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  Outcome<void> start();
  // stop interrupts the source and joins the thread; ask_to_stop does not wait.
  void ask_to_stop() noexcept;
  void stop() noexcept;

  // For the taps. tag, feeds_direct and contributes are fixed from the first time that state() was healthy.
  SourceState state() const noexcept { return state_.load(std::memory_order_acquire); }
  const SourceTag& tag() const noexcept { return info_.tag; }
  bool feeds_direct() const noexcept { return feeds_direct_.load(std::memory_order_acquire); }
  bool contributes() const noexcept { return contribute_ && !feeds_direct(); }
  // generation grows with every permanent alarm; what was taken in an older one must not be given out.
  std::uint32_t generation() const noexcept { return generation_.load(); }
  Reservoir& ring(std::size_t index) noexcept { return *rings_[index]; }
  std::uint64_t bits_per_second() const noexcept { return bits_per_second_.load(std::memory_order_relaxed); }
  // taken accounts for blocks that a draw has taken from a ring, and wakes the pump when that ring runs low.
  void taken(std::size_t ring_index, std::size_t blocks) noexcept;
  // demand wakes the pump because a draw found too few blocks.
  void demand() noexcept;

  // primed: healthy, and every reservoir has been given a block since then.
  bool primed() const noexcept { return state() == SourceState::healthy && primed_.load(std::memory_order_acquire); }
  SourceStatus status() const;
  SourceStatistics raw_statistics() const;

 private:
  static constexpr std::size_t kMaxReadSamples = 4096;
  static constexpr unsigned kSettledBlocks = 64;  // blocks in use after which the back-off starts anew

  void run() noexcept;
  bool bring_up() noexcept;
  Outcome<void> open_source();
  Outcome<void> adopt_info();
  void serve() noexcept;
  void examine(Bytes samples) noexcept;
  void observe(Bytes samples, TimePoint now) noexcept;
  void became_healthy() noexcept;
  void alarm() noexcept;
  void lost(std::string_view why) noexcept;

  void take(Bytes samples) noexcept;
  bool produce(Bytes samples) noexcept;
  Reservoir* next_with_room() noexcept;
  void note_fed(std::size_t ring_index) noexcept;
  void drop_carried() noexcept;
  void measure(TimePoint begun, std::uint64_t blocks_before, bool room) noexcept;

  bool wait_for_room() noexcept;
  bool any_low() const noexcept;
  bool all_full() const noexcept;
  void back_off() noexcept;
  bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }
  void wake() noexcept;
  void set_state(SourceState state, std::string_view failure) noexcept;
  void publish() noexcept;
  void record(EventKind what, std::string_view text) noexcept;

  // Fixed after construction.
  std::unique_ptr<Source> source_;
  const ServiceOptions& options_;
  const bool contribute_;
  Signal& signal_;
  EventHistory& events_;
  std::vector<std::unique_ptr<Reservoir>> rings_;

  // The pump's thread only. info_ is written once, before the state first becomes healthy.
  SourceInfo info_;
  bool adopted_ = false;
  bool alarm_latched_ = false;
  bool away_ = false;  // lost, and the history knows it
  std::optional<HealthMonitor> monitor_;
  RawWindow window_;
  std::unique_ptr<Conditioner> conditioner_;
  Ledger ledger_;
  SecretBytes raw_;
  SecretBytes carried_;  // samples that passed but do not make a block yet
  std::size_t carried_samples_ = 0;
  std::size_t read_samples_ = HealthMonitor::kBlockMultiple;
  std::size_t next_ring_ = 0;
  std::vector<bool> fed_;  // which rings have had a block since the source became healthy
  std::chrono::milliseconds next_back_off_;
  unsigned settled_blocks_ = 0;
  bool idle_ = false;
  std::minstd_rand jitter_;  // spreads retries; not a secret
  Clock::duration measured_time_{};
  std::uint64_t measured_blocks_ = 0;
  std::uint64_t produced_blocks_ = 0;

  // Shared.
  std::atomic<bool> feeds_direct_;
  std::atomic<SourceState> state_{SourceState::gone};
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<bool> primed_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> demanded_{false};
  std::atomic<std::uint64_t> bits_served_{0};
  std::atomic<std::uint64_t> bits_per_second_{0};
  mutable std::mutex status_mutex_;
  SourceStatus status_;           // guarded by status_mutex_
  RawStatistics raw_statistics_;  // guarded by status_mutex_
  std::mutex sleep_mutex_;
  std::condition_variable woken_;
  std::thread thread_;
};

}  // namespace qeaas
