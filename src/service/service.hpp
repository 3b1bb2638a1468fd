// SPDX-License-Identifier: GPL-3.0-or-later
// Service: the stage that turns sources into answers. It owns one pump (thread) per source and one tap per worker, and is what the
// front ends and wolfSSL's seed callback see of everything below. Taps are per worker; all other members are thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/error.hpp"
#include "service/event_history.hpp"
#include "service/mix_in.hpp"
#include "service/options.hpp"
#include "service/pump.hpp"
#include "service/seeder.hpp"
#include "service/signal.hpp"
#include "service/status.hpp"
#include "service/tap.hpp"

namespace qeaas {

class Service {
 public:
  // create checks the options and the sources (1 to kMaxSources, distinct ids) and starts nothing.
  static Outcome<std::unique_ptr<Service>> create(ServiceOptions options, std::vector<SourceSetup> sources);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // start starts the pumps' threads, once.
  Outcome<void> start();
  // stop ends them promptly; draws from then on fail as starved. The destructor calls it.
  void stop() noexcept;

  // tap is the view of one worker, 0 to workers - 1; it lives as long as the service.
  Tap& tap(std::size_t worker) noexcept { return *taps_[worker]; }
  const ServiceOptions& options() const noexcept { return options_; }

  // seed_entropy fills out for wolfSSL's seed callback, at most kMaxSeedBytes, from the Seeder. It fails, with out zeroed, until the
  // first direct entropy has been there.
  static constexpr std::size_t kMaxSeedBytes = 2048;
  Status seed_entropy(MutableBytes out) noexcept;

  // mix_in adds bytes from outside, credited nothing (mix_in.hpp).
  void mix_in(Bytes outside) noexcept { outside_.add(outside); }

  // ready is true while at least min_sources sources that may feed direct are healthy and have put a block into every reservoir.
  bool ready() const noexcept;
  // wait_ready waits for that; false after the time-out, or when stopped.
  bool wait_ready(std::chrono::milliseconds timeout) noexcept;
  // wait_until waits for any condition over the service; it is examined again whenever a pump reports something.
  bool wait_until(std::chrono::milliseconds timeout, const std::function<bool()>& condition);

  // status is a snapshot of every source, in the order of the configuration.
  std::vector<SourceStatus> status() const;
  // raw_statistics is what the last full window of every source's raw samples looked like, in the same order.
  std::vector<SourceStatistics> raw_statistics() const;
  // events is the history of this process, oldest first, at most EventHistory::kEvents.
  std::vector<Event> events() const { return events_.snapshot(); }

 private:
  Service(ServiceOptions options, std::vector<SourceSetup> sources);

  const ServiceOptions options_;
  Signal signal_;
  EventHistory events_;
  MixIn outside_;
  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<Pump>> pumps_;
  std::vector<std::unique_ptr<Tap>> taps_;
  std::unique_ptr<Tap> seed_tap_;
  std::unique_ptr<Seeder> seeder_;
};

}  // namespace qeaas
