// SPDX-License-Identifier: GPL-3.0-or-later
// What the client's thread shows to the shell, and what the network tells it. Any thread.
#pragma once

#include "link.hpp"

struct device;

namespace qeaas::device {

const struct ::device* client_pool() noexcept;
// network_is_up ends the back-offs: their reason is gone.
void network_is_up() noexcept;
// copy_state gives what was true when the thread last came to rest or finished a round.
void copy_state(LinkReport& report, ServerList& servers) noexcept;

}  // namespace qeaas::device
