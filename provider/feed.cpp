// SPDX-License-Identifier: GPL-3.0-or-later
// Feed: supply, fall-back, forks.
#include "feed.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>
#include <vector>

#include "base/log.hpp"

namespace qeaas::provider {

// ForkHandlers keeps the feeds of this process for pthread_atfork. Its mutex is held across fork(2), and never during anything that waits.
struct ForkHandlers {
  std::mutex mutex;
  std::vector<Feed*> feeds;

  static ForkHandlers& all() {
    static auto* handlers = new ForkHandlers;  // never destroyed: programs fork until their very end
    return *handlers;
  }
  static void before() noexcept {
    all().mutex.lock();
    for (auto* feed : all().feeds)
      if (feed->supply_) feed->supply_->before_fork();
  }
  static void in_parent() noexcept {
    for (auto* feed : all().feeds)
      if (feed->supply_) feed->supply_->after_fork_in_parent();
    all().mutex.unlock();
  }
  static void in_child() noexcept {
    for (auto* feed : all().feeds) feed->own();
    all().mutex.unlock();
  }
};

void Account::reset() noexcept {
  for (auto* count : {&seed_bytes, &random_bytes, &fetched_bytes, &fetches, &failures, &fall_back_bytes, &fall_backs, &unlocked_buffers})
    count->store(0, std::memory_order_relaxed);
}

Feed::Feed(Outcome<Settings> settings) : owner_(::getpid()) {
  if (settings) {
    settings_ = *settings;
    auto supply = make_supply(settings_);
    if (supply)
      supply_ = std::move(*supply);
    else
      broken_ = supply.error();
  } else {
    broken_ = settings.error();
  }
  if (!supply_) return;
  supply_->open();
  register_for_forks();
}

Feed::Feed(Outcome<Settings> settings, std::unique_ptr<Supply> supply) : supply_(std::move(supply)), owner_(::getpid()) {
  if (settings) settings_ = *settings;
  register_for_forks();
}

Feed::~Feed() {
  auto& handlers = ForkHandlers::all();
  const std::lock_guard hold(handlers.mutex);
  std::erase(handlers.feeds, this);
}

void Feed::register_for_forks() {
  static const int registered = ::pthread_atfork(ForkHandlers::before, ForkHandlers::in_parent, ForkHandlers::in_child);
  static_cast<void>(registered);  // without memory for it, ForkMark alone tells
  auto& handlers = ForkHandlers::all();
  const std::lock_guard hold(handlers.mutex);
  handlers.feeds.push_back(this);
}

// own makes this process the owner. The mutex may be held by a thread that did not come along, so it begins anew; of several threads of a
// child one does this, and the others wait: owner_ is minus the process id meanwhile.
void Feed::own() noexcept {
  const auto mine = ::getpid();
  while (true) {
    auto owner = owner_.load(std::memory_order_acquire);
    if (owner == mine && !mark_.forked()) return;
    if (owner == -mine) {
      ::sched_yield();
      continue;
    }
    if (owner_.compare_exchange_strong(owner, -mine, std::memory_order_acq_rel)) break;
  }
  new (&mutex_) std::mutex;
  new (&last_fault_) std::string;
  rest_until_ = {};
  quiet_until_ = {};
  if (supply_) supply_->after_fork_in_child();
  account_.reset();
  mark_.claim();
  owner_.store(mine, std::memory_order_release);
}

Outcome<void> Feed::fetch(MutableBytes out) noexcept try {
  own();
  if (broken_) {
    wipe(out);
    ++account_.failures;
    return tl::unexpected(*broken_);
  }
  auto done = from_supply(out);
  if (done) {
    ++account_.fetches;
    account_.fetched_bytes += out.size();
    return done;
  }
  ++account_.failures;
  wipe(out);
  note(done.error());
  return settings_.fall_back ? fall_back(out, done.error()) : done;
} catch (...) {  // no memory for words
  wipe(out);
  ++account_.failures;
  return tl::unexpected(Fault{Error::no_space, {}});
}

Outcome<void> Feed::from_supply(MutableBytes out) {
  const auto deadline = Clock::now() + settings_.timeout;
  const std::lock_guard hold(mutex_);
  // Whoever waited behind a thread that ran into its time-out does not wait as long again.
  const auto now = Clock::now();
  if (now >= deadline || now < rest_until_)
    return tl::unexpected(Fault{Error::timeout, origin() + ": no answer in time, and not asked again within a second"});
  auto done = supply_->fetch(out, deadline);
  if (!done && done.error().error == Error::timeout) rest_until_ = Clock::now() + kRest;
  return done;
}

Outcome<void> Feed::fall_back(MutableBytes out, const Fault& why) noexcept {
  for (auto rest = out; !rest.empty();) {
    const auto got = ::getrandom(rest.data(), rest.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      wipe(out);
      return tl::unexpected(why);
    }
    rest = rest.subspan(static_cast<std::size_t>(got));
  }
  ++account_.fall_backs;
  account_.fall_back_bytes += out.size();
  return {};
}

void Feed::note(const Fault& why) noexcept {
  const std::lock_guard hold(mutex_);
  last_fault_ = why.text;
  const auto now = Clock::now();
  if (!settings_.fall_back || now < quiet_until_) return;
  quiet_until_ = now + std::chrono::minutes(1);
  log::warning("random bytes come from the operating system (fallback = os): " + why.text);
}

std::string Feed::last_fault() {
  own();
  if (broken_) return broken_->text;
  const std::lock_guard hold(mutex_);
  return last_fault_;
}

std::string Feed::origin() const {
  const auto& place = settings_.origin == Origin::socket   ? settings_.socket
                      : settings_.origin == Origin::device ? settings_.device
                                                           : settings_.server;
  return std::string(name(settings_.origin)) + ":" + place;
}

}  // namespace qeaas::provider
