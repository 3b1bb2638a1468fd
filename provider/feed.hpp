// SPDX-License-Identifier: GPL-3.0-or-later
// Feed: what all contexts of one loaded provider draw from: the supply, the fall-back if the settings allow one, and the account of both.
// Any thread may call fetch. A forked child starts its own account and shares nothing with its parent; feeds know of forks by
// pthread_atfork, and of children made without it by a ForkMark.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "locked_memory.hpp"
#include "settings.hpp"
#include "supply.hpp"

namespace qeaas::provider {

// Use is what bytes are drawn for.
enum class Use : std::uint8_t { seed, random };

// Account counts since the process began. Any thread may read it.
struct Account {
  std::atomic<std::uint64_t> seed_bytes{0};        // given to DRBGs of OpenSSL as seeds
  std::atomic<std::uint64_t> random_bytes{0};      // given out by QEAAS-RAND
  std::atomic<std::uint64_t> fetched_bytes{0};     // that came from the service
  std::atomic<std::uint64_t> fetches{0};           // draws from the service that succeeded
  std::atomic<std::uint64_t> failures{0};          // draws from the service that failed
  std::atomic<std::uint64_t> fall_back_bytes{0};   // that came from the operating system instead
  std::atomic<std::uint64_t> fall_backs{0};        // draws that did
  std::atomic<std::uint64_t> unlocked_buffers{0};  // that the limits did not let us lock in memory
  void reset() noexcept;
};

class Feed {
 public:
  // A feed without settings, or whose supply cannot be made, exists and fails every fetch with that fault.
  explicit Feed(Outcome<Settings> settings);
  Feed(Outcome<Settings> settings, std::unique_ptr<Supply> supply);  // tests bring their own
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // fetch fills all of out, or zeroes it and says why.
  Outcome<void> fetch(MutableBytes out) noexcept;
  // last_fault is why the latest fetch failed (or fell back); empty when none did.
  std::string last_fault();

  const Settings& settings() const noexcept { return settings_; }
  const Fault* fault() const noexcept { return broken_ ? &*broken_ : nullptr; }
  Account& account() noexcept { return account_; }
  // origin is where bytes come from, in words: "socket:/run/qeaas/entropy.sock".
  std::string origin() const;

 private:
  friend struct ForkHandlers;
  static constexpr auto kRest = 1s;  // after a time-out, calls fail at once for so long

  void own() noexcept;
  void register_for_forks();
  Outcome<void> from_supply(MutableBytes out);
  Outcome<void> fall_back(MutableBytes out, const Fault& why) noexcept;
  void note(const Fault& why) noexcept;

  Settings settings_;
  std::optional<Fault> broken_;
  std::unique_ptr<Supply> supply_;
  Account account_;
  ForkMark mark_;
  std::atomic<pid_t> owner_;
  std::mutex mutex_;  // of what follows, and of the supply
  TimePoint rest_until_{};
  std::string last_fault_;
  TimePoint quiet_until_{};  // the system's log is told of a fall-back once a minute
};

}  // namespace qeaas::provider
