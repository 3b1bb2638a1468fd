// SPDX-License-Identifier: GPL-3.0-or-later
// Poller: epoll, thinly.
#include "net/poller.hpp"

#include <cerrno>

namespace qeaas {
namespace {

epoll_event event_of(void* tag, std::uint32_t interest) noexcept {
  epoll_event event{};
  event.events = interest;
  event.data.ptr = tag;
  return event;
}

}  // namespace

Result<Poller> Poller::make() noexcept {
  FileDescriptor set(::epoll_create1(EPOLL_CLOEXEC));
  if (!set) return fail(from_errno(errno));
  return Poller(std::move(set));
}

Status Poller::add(int descriptor, void* tag, std::uint32_t interest) noexcept {
  auto event = event_of(tag, interest);
  if (::epoll_ctl(set_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return fail(from_errno(errno));
  return {};
}

void Poller::change(int descriptor, void* tag, std::uint32_t interest) noexcept {
  auto event = event_of(tag, interest);
  ::epoll_ctl(set_.get(), EPOLL_CTL_MOD, descriptor, &event);
}

void Poller::remove(int descriptor) noexcept { ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, descriptor, nullptr); }

std::span<const Poller::Event> Poller::ready() noexcept {
  std::array<epoll_event, kBatch> raw;
  const int count = ::epoll_wait(set_.get(), raw.data(), static_cast<int>(raw.size()), 0);
  std::size_t used = 0;
  for (; count > 0 && used < static_cast<std::size_t>(count); ++used) {
    const auto bits = raw[used].events;
    events_[used] = {raw[used].data.ptr, (bits & ~std::uint32_t{EPOLLOUT}) != 0, (bits & EPOLLOUT) != 0};
  }
  return std::span(events_).first(used);
}

}  // namespace qeaas
