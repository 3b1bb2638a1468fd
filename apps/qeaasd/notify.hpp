// SPDX-License-Identifier: GPL-3.0-or-later
// The readiness protocol of systemd (sd_notify(3)): one datagram to $NOTIFY_SOCKET. Nothing happens where systemd is not there.
#pragma once

#include <string_view>

namespace qeaas {

// notify_manager sends a state such as "READY=1", "RELOADING=1" or "STOPPING=1".
void notify_manager(std::string_view state) noexcept;

}  // namespace qeaas
