// SPDX-License-Identifier: GPL-3.0-or-later
// The thread of one source, first half: its life from open to close. pump_flow.cpp has the way of the bytes.
#include "service/pump.hpp"

#include <algorithm>
#include <functional>
#include <pthread.h>
#include <system_error>
#include <utility>

#include "base/log.hpp"
#include "service/conditioning.hpp"

namespace qeaas {

Pump::Pump(SourceSetup setup, const ServiceOptions& options, const std::vector<std::size_t>& ring_blocks, Signal& signal,
           EventHistory& events)
    : source_(std::move(setup.source)),
      options_(options),
      contribute_(setup.contribute),
      signal_(signal),
      events_(events),
      info_(source_->info()),
      raw_(kMaxReadSamples),
      fed_(ring_blocks.size()),
      next_back_off_(options.back_off_first),
      jitter_(static_cast<std::minstd_rand::result_type>(std::hash<std::string>{}(info_.tag.id))),
      feeds_direct_(may_feed_direct(info_.tag.kind)) {
  for (const auto blocks : ring_blocks) rings_.push_back(std::make_unique<Reservoir>(blocks));
  status_.info = info_;
  status_.last_change = std::chrono::system_clock::now();
}

Pump::~Pump() { stop(); }

Outcome<void> Pump::start() {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return fault(Error::io, "the operating system gives no thread for source " + info_.tag.id);
  }
  return {};
}

void Pump::ask_to_stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  source_->interrupt();
  wake();
}

void Pump::stop() noexcept {
  ask_to_stop();
  if (thread_.joinable()) thread_.join();
}

void Pump::run() noexcept {
  // The kernel takes 15 characters and refuses longer names.
  ::pthread_setname_np(::pthread_self(), ("src-" + info_.tag.id).substr(0, 15).c_str());
  while (!stopping()) {
    if (bring_up()) serve();
    if (!stopping()) back_off();
  }
  set_state(SourceState::gone, {});
  source_->close();
  drop_carried();
  for (const auto& ring : rings_) ring->purge();
}

bool Pump::bring_up() noexcept {
  const bool first = !adopted_;
  if (const auto opened = open_source(); !opened) {
    lost(opened.error().text);
    return false;
  }
  if (!first) {
    monitor_->restart();
    window_.restart();
    record(EventKind::back, "opened again; start-up tests follow");
    const std::lock_guard lock(status_mutex_);
    ++status_.reopens;
  }
  away_ = false;
  set_state(alarm_latched_ ? SourceState::alarmed : SourceState::starting, {});
  return true;
}

Outcome<void> Pump::open_source() {
  if (auto opened = source_->open(); !opened) return opened;
  return adopted_ ? Outcome<void>() : adopt_info();
}

// adopt_info takes over what the source says of itself, which it knows from its first open on.
Outcome<void> Pump::adopt_info() {
  auto stated = source_->info();
  stated.tag.id = info_.tag.id;  // the id is the configuration's
  auto conditioner = make_conditioner(options_, stated);
  if (!conditioner) return tl::unexpected(conditioner.error());
  conditioner_ = std::move(*conditioner);
  monitor_.emplace(stated.sample_bits, stated.per_sample);
  window_ = RawWindow(stated.sample_bits, conditioner_->samples_per_block());
  carried_ = SecretBytes(conditioner_->samples_per_block());
  info_ = std::move(stated);
  feeds_direct_.store(may_feed_direct(info_.tag.kind), std::memory_order_release);
  adopted_ = true;
  const std::lock_guard lock(status_mutex_);
  status_.info = info_;
  status_.conditioner = conditioner_->name();
  status_.basis = conditioner_->basis();
  raw_statistics_ = window_.full();
  return {};
}

// lost closes the source. What it made while it was healthy stays in the reservoirs, but nobody draws on a source that is not
// healthy: a source that comes back must pass start-up tests first, and an alarm there discards those blocks too.
void Pump::lost(std::string_view why) noexcept {
  source_->close();
  drop_carried();
  if (!std::exchange(away_, true)) record(EventKind::lost, why);  // and not for every attempt to open it again
  {
    const std::lock_guard lock(status_mutex_);
    ++status_.lost;
  }
  set_state(SourceState::gone, why);
}

void Pump::became_healthy() noexcept {
  alarm_latched_ = false;
  settled_blocks_ = 0;
  for (std::size_t i = 0; i < rings_.size(); ++i) fed_[i] = rings_[i]->size() > 0;
  primed_.store(std::all_of(fed_.begin(), fed_.end(), [](bool fed) { return fed; }), std::memory_order_release);
  set_state(SourceState::healthy, {});
  record(EventKind::started_up, "start-up tests passed");
}

// alarm makes sure that nothing of this source is used any more. The order matters: the generation comes first, so that blocks, draws
// under way and DRBG seeds of the old one are void before anybody can hear of the alarm; then the memory goes.
void Pump::alarm() noexcept {
  alarm_latched_ = true;
  generation_.fetch_add(1);
  set_state(SourceState::alarmed, monitor_->last_failure());
  for (const auto& ring : rings_) ring->purge();
  drop_carried();
  record(EventKind::alarm, monitor_->last_failure());
}

void Pump::back_off() noexcept {
  // Between a half and all of the step, so that many retries do not march in step.
  const auto half = next_back_off_ / 2;
  const auto spread = std::chrono::milliseconds(std::uniform_int_distribution<long>(0, static_cast<long>(half.count()))(jitter_));
  const auto time = next_back_off_ - half + spread;
  next_back_off_ = std::min(next_back_off_ * 2, options_.back_off_limit);
  std::unique_lock lock(sleep_mutex_);
  woken_.wait_for(lock, time, [this] { return stopping(); });
}

void Pump::wake() noexcept {
  { const std::lock_guard lock(sleep_mutex_); }  // a pump between its check and its sleep would miss the notice
  woken_.notify_all();
}

void Pump::taken(std::size_t ring_index, std::size_t blocks) noexcept {
  bits_served_.fetch_add(blocks * kBlockBits, std::memory_order_relaxed);
  if (sleeping_.load() && rings_[ring_index]->low()) wake();
}

void Pump::demand() noexcept {
  demanded_.store(true);
  if (sleeping_.load()) wake();
}

void Pump::set_state(SourceState state, std::string_view failure) noexcept {
  bool changed = false;
  {
    const std::lock_guard lock(status_mutex_);
    changed = status_.state != state;
    status_.state = state;
    if (changed) status_.last_change = std::chrono::system_clock::now();
    if (!failure.empty()) status_.last_failure = failure;
    state_.store(state, std::memory_order_release);
  }
  signal_.announce();
  if (!changed || stopping()) return;
  const auto line = "source " + info_.tag.id + " is " + std::string(name(state)) + (failure.empty() ? "" : ": " + std::string(failure));
  const auto level = failure.empty() ? log::Level::info : log::Level::warning;
  log::write(level, line, {{"source", info_.tag.id}, {"state", name(state)}});
}

void Pump::publish() noexcept {
  {
    const std::lock_guard lock(status_mutex_);
    const auto failures = [](const HealthCounters& counters) { return counters.intermittent_failures + counters.permanent_failures; };
    if (failures(monitor_->counters()) != failures(status_.health)) status_.last_failure = monitor_->last_failure();
    status_.health = monitor_->counters();
    raw_statistics_.collected_samples = window_.collected();
  }
  signal_.announce();
}

void Pump::record(EventKind what, std::string_view text) noexcept { events_.add(info_.tag.id, what, text); }

SourceStatistics Pump::raw_statistics() const {
  const std::lock_guard lock(status_mutex_);
  return {status_.info.tag, raw_statistics_};
}

SourceStatus Pump::status() const {
  SourceStatus status;
  {
    const std::lock_guard lock(status_mutex_);
    status = status_;
  }
  status.feeds_direct = feeds_direct();
  status.contributes = contributes();
  status.bits_served = bits_served_.load(std::memory_order_relaxed);  // before the ledger: never more served than made
  status.ledger = ledger_.snapshot();
  status.bits_per_second = bits_per_second();
  for (const auto& ring : rings_) status.blocks_ready += ring->size();
  return status;
}

}  // namespace qeaas
