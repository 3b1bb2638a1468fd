// SPDX-License-Identifier: GPL-3.0-or-later
// The notification protocol of systemd (sd_notify(3)): one datagram to $NOTIFY_SOCKET. Nothing happens where systemd is not there.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace qeaas {

// notify_manager sends a state such as "READY=1", "RELOADING=1", "WATCHDOG=1" or "STOPPING=1".
void notify_manager(std::string_view state) noexcept;

// watchdog_interval is how often the manager wants to hear WATCHDOG=1: half of $WATCHDOG_USEC, where that is set and meant for this
// process ($WATCHDOG_PID).
std::optional<std::chrono::microseconds> watchdog_interval() noexcept;

}  // namespace qeaas
