// SPDX-License-Identifier: GPL-3.0-or-later
// The feeder as a service.
#include "feed_service.hpp"

#include <algorithm>
#include <array>
#include <poll.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/notify.hpp"
#include "signals.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

constexpr auto kTick = 1s;  // how often the clocks are looked at
constexpr std::size_t kMostLeftBehind = 3;
constexpr auto kLongestAttempt = 300s;  // beyond that the service is stuck, and the manager is to start it again

FileDescriptor signal_descriptor() {
  const auto set = signal_set({SIGTERM, SIGINT, SIGHUP});
  return FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

void FeedService::block_signals() {
  const auto set = signal_set({SIGTERM, SIGINT, SIGHUP});
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

FeedService::FeedService(Pool* pool, FeedDraw draw, const CreditRules& rules, Clock::duration interval, bool json)
    : pool_(pool),
      draw_(std::move(draw)),
      rules_(rules),
      json_(json),
      schedule_(interval, Clock::now()),
      clocks_(read_clocks()),
      signals_(signal_descriptor()),
      watchdog_(watchdog_interval()) {}

int FeedService::run() {
  log::info(std::string("watching for clones by the clocks") + (news_.uevents() >= 0 ? ", the kernel's events" : "") +
            (news_.records() >= 0 ? ", the kernel's log" : ""));
  while (!stop_asked()) {
    if (!attempt_ && Clock::now() >= schedule_.due()) {
      attempt_began_ = Clock::now();
      attempt_is_stale_ = false;
      attempt_.emplace(draw_);
    }
    wait();
    std::erase_if(left_behind_, [](const Attempt& attempt) { return attempt.over(); });
    // In this order: what was drawn before a clone must not be taken for fresh.
    look_for_clones();
    if (attempt_ && attempt_->over()) finish();
    keep_alive();
  }
  notify_manager("STOPPING=1");
  log::info("stopped");
  // A draw that is under way ends with the process.
  if (attempt_ || !left_behind_.empty()) ::_exit(kDone);
  return kDone;
}

void FeedService::wait() {
  std::array<pollfd, 4> waiting{{{signals_.get(), POLLIN, 0},
                                 {news_.uevents(), POLLIN, 0},
                                 {news_.records(), POLLIN, 0},
                                 {attempt_ ? attempt_->descriptor() : -1, POLLIN, 0}}};
  auto until = Clock::now() + kTick;
  if (!attempt_) until = std::min(until, schedule_.due());
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  static_cast<void>(::poll(waiting.data(), waiting.size(), static_cast<int>(std::max<std::int64_t>(left, 0))));
}

bool FeedService::stop_asked() {
  signalfd_siginfo signal{};
  while (::read(signals_.get(), &signal, sizeof(signal)) == static_cast<ssize_t>(sizeof(signal))) {
    if (signal.ssi_signo != SIGHUP) return true;
    why_ = "asked for";
    schedule_.at_once(Clock::now());
  }
  return false;
}

void FeedService::look_for_clones() {
  if (const auto jump = clocks_.observe(read_clocks(), kTick)) on_clone(*jump);
  if (news_.take()) on_clone("the kernel says that this virtual machine was forked (vmgenid)");
}

// on_clone reseeds with what the kernel has of its own at once, and asks for bytes that the twin does not get. It does not wait for a draw
// that is under way: over a session that a restore has cut off, that one ends with its time-out.
void FeedService::on_clone(const std::string& what) {
  log::warning("clone suspected: " + what);
  if (pool_ != nullptr) static_cast<void>(pool_->reseed());
  if (attempt_) leave_behind();
  why_ = "clone suspected: " + what;
  schedule_.at_once(Clock::now());
}

// leave_behind goes on without the draw that is under way; what it may still get is wiped when it is over. Where clocks that jump again and
// again have left several behind, this one is waited for, so that their number has a bound.
void FeedService::leave_behind() {
  attempt_is_stale_ = left_behind_.size() >= kMostLeftBehind;
  if (attempt_is_stale_)
    return log::warning("several draws are under way that a clone may have too; the next one waits for the last of them");
  log::info("what was being drawn is thrown away: a clone may have it too");
  left_behind_.push_back(*std::exchange(attempt_, std::nullopt));
}

void FeedService::finish() {
  auto drawn = attempt_->take();
  attempt_.reset();
  if (attempt_is_stale_) {
    log::info("what was being drawn is thrown away: a clone may have it too");
    return;  // the schedule says at once
  }
  const auto feeding = feed_pool(pool_, std::move(drawn), rules_);
  schedule_.done(Clock::now(), !feeding.failure);
  report(feeding);
  if (!feeding.failure) why_ = "interval";
  if (std::exchange(said_ready_, true)) return;
  notify_manager("READY=1");
}

void FeedService::report(const Feeding& feeding) {
  const auto line = summary(feeding);
  if (feeding.failure)
    log::warning(line);
  else
    log::info(line, {{"why", why_}});
  for (std::size_t i = 0; i < feeding.answers.size(); ++i)
    if (!feeding.credit.judgements[i].full) log::warning(feeding.answers[i].from + ": no credit: " + feeding.credit.judgements[i].why);
  for (const auto& server : feeding.left_out) log::warning("left out: " + server);
  if (feeding.reseed_failure) log::warning("not reseeded: " + feeding.reseed_failure->text);
  if (json_) say(as_json(feeding, why_));
  notify_manager("STATUS=" + line.substr(0, line.find('\n')));
}

void FeedService::keep_alive() {
  const auto now = Clock::now();
  const bool stuck = attempt_ && now - attempt_began_ > kLongestAttempt;
  if (!watchdog_ || now < next_sign_of_life_ || stuck) return;
  notify_manager("WATCHDOG=1");
  next_sign_of_life_ = now + *watchdog_ / 2;
}

}  // namespace qeaas::cli
