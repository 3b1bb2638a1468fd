// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting that another thread can end, by an eventfd beside the descriptor in one ppoll.
#include "source/interrupter.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace qeaas {
namespace {

constexpr std::chrono::milliseconds kFirstPause = 1ms;
constexpr std::chrono::milliseconds kLongestPause = 50ms;

timespec until(TimePoint deadline) noexcept {
  const auto left = std::max(Clock::duration::zero(), deadline - Clock::now());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
}

}  // namespace

Interrupter::Interrupter() noexcept : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Status Interrupter::ready() const noexcept {
  if (interrupted()) return fail(Error::closed);
  if (!event_) return fail(Error::no_space);
  return {};
}

void Interrupter::interrupt() noexcept {
  interrupted_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  // The event stays readable for ever: nobody reads it. A full counter is readable as well, so the result does not matter.
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
}

Status Interrupter::wait_readable(int descriptor, TimePoint deadline) noexcept {
  std::array<pollfd, 2> watched{{{.fd = event_.get(), .events = POLLIN, .revents = 0}, {.fd = descriptor, .events = POLLIN, .revents = 0}}};
  for (;;) {
    if (const auto state = ready(); !state) return state;
    const timespec left = until(deadline);
    const int count = ::ppoll(watched.data(), watched.size(), &left, nullptr);
    if (interrupted()) return fail(Error::closed);
    if (count > 0) return {};
    if (count == 0) return fail(Error::timeout);
  }
}

Status Interrupter::wait_until(TimePoint deadline) noexcept {
  const auto result = wait_readable(-1, deadline);  // ppoll skips a negative descriptor
  if (!result && result.error() == Error::timeout) return {};
  return result;
}

Status read_descriptor(int descriptor, MutableBytes bytes, std::chrono::milliseconds patience, Interrupter& interrupter) noexcept {
  auto deadline = Clock::now() + patience;
  auto pause = kFirstPause;
  while (!bytes.empty()) {
    if (const auto state = interrupter.ready(); !state) return state;
    const auto got = ::read(descriptor, bytes.data(), bytes.size());
    if (got > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(got));
      deadline = Clock::now() + patience;
      pause = kFirstPause;
      continue;
    }
    if (got == 0) return fail(Error::source_gone);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail(Error::source_gone);
    if (const auto waited = interrupter.wait_readable(descriptor, deadline); !waited) return waited;
    // Drivers without poll (hw_random) always call themselves readable; the growing pause keeps that from becoming a busy loop.
    if (Clock::now() + pause > deadline) return fail(Error::timeout);
    pollfd probe{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (::poll(&probe, 1, 0) == 0) continue;
    if (const auto paused = interrupter.wait_until(Clock::now() + pause); !paused) return paused;
    pause = std::min(pause * 2, kLongestPause);
  }
  return {};
}

}  // namespace qeaas
