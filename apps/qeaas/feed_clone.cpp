// SPDX-License-Identifier: GPL-3.0-or-later
// Clocks, uevents and the kernel's log.
#include "feed_clone.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/decimal.hpp"

namespace qeaas::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds kJump = 1s;
constexpr nanoseconds kAbsence = 10s;
constexpr std::uint64_t kFacilities = 8;  // a priority is 8 * facility + level, and facility 0 is the kernel's alone

nanoseconds clock_now(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

std::string in_seconds(nanoseconds time) { return std::to_string(std::chrono::round<std::chrono::seconds>(time).count()) + " s"; }

}  // namespace

ClockReading read_clocks() {
  ClockReading now{clock_now(CLOCK_MONOTONIC), clock_now(CLOCK_BOOTTIME), clock_now(CLOCK_REALTIME), {}};
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::getline(file, now.boot_id);
  return now;
}

std::optional<std::string> ClockWatch::observe(ClockReading now, nanoseconds asked) {
  const auto last = std::exchange(last_, std::move(now));
  const auto ran = last_.monotonic - last.monotonic;
  const auto passed = last_.boottime - last.boottime;
  const auto stepped = (last_.realtime - last.realtime) - passed;
  if (!last.boot_id.empty() && !last_.boot_id.empty() && last.boot_id != last_.boot_id)
    return "the boot id has changed: this process was moved to another machine";
  if (ran < 0ns || passed < 0ns) return "a clock that never goes back went back: the machine was restored";
  if (passed - ran > kJump) return "the machine slept for " + in_seconds(passed - ran) + ": suspended, or restored";
  if (std::chrono::abs(stepped) > kJump + passed / 10)
    return "the wall clock jumped by " + in_seconds(stepped) + ": set by hand, or after a restore";
  if (ran - asked > kAbsence) return "nothing ran here for " + in_seconds(ran) + ": the machine was paused, or restored";
  return std::nullopt;
}

bool uevent_tells_of_fork(std::string_view datagram) noexcept {
  while (!datagram.empty()) {
    const auto field = datagram.substr(0, datagram.find('\0'));
    if (field == "NEW_VMGENID=1") return true;
    datagram.remove_prefix(std::min(datagram.size(), field.size() + 1));
  }
  return false;
}

bool record_tells_of_fork(std::string_view record) noexcept {
  const auto priority = decimal(record.substr(0, record.find(',')));
  const auto text = record.find(';');
  if (!priority || *priority >= kFacilities || text == std::string_view::npos) return false;
  return record.substr(text + 1).starts_with("random: crng reseeded due to virtual machine fork");
}

ForkNews::ForkNews()
    : uevents_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT)),
      records_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;  // the kernel's own events
  if (uevents_ && ::bind(uevents_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) uevents_.reset();
  if (records_ && ::lseek(records_.get(), 0, SEEK_END) < 0) records_.reset();  // what happened before is past
}

bool ForkNews::take() {
  const bool by_uevent = take_uevents();
  return take_records() || by_uevent;
}

bool ForkNews::take_uevents() {
  std::array<char, 8192> room;
  bool news = false;
  while (uevents_) {
    sockaddr_nl from{};
    socklen_t size = sizeof(from);
    const auto length = ::recvfrom(uevents_.get(), room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (length < 0 && errno == ENOBUFS) continue;  // some were lost; the kernel's log has the one that counts
    if (length < 0) break;
    if (from.nl_pid == 0) news = uevent_tells_of_fork({room.data(), static_cast<std::size_t>(length)}) || news;
  }
  return news;
}

bool ForkNews::take_records() {
  std::array<char, 8192> room;  // a record is never longer
  bool news = false;
  while (records_) {
    const auto length = ::read(records_.get(), room.data(), room.size());
    if (length < 0 && (errno == EPIPE || errno == EINTR)) continue;  // overtaken: the next one is the oldest that is left
    if (length < 0 && errno != EAGAIN) records_.reset();
    if (length <= 0) break;
    news = record_tells_of_fork({room.data(), static_cast<std::size_t>(length)}) || news;
  }
  return news;
}

}  // namespace qeaas::cli
