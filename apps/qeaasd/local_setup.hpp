// SPDX-License-Identifier: GPL-3.0-or-later
// From configuration to the local socket.
#pragma once

#include "config.hpp"
#include "inherited.hpp"
#include "local_front.hpp"

namespace qeaas {

// open_local opens the socket for the one worker that owns it. Null when it is switched off, or when the default place cannot be had:
// then a warning says what to do. A socket that the service manager opened there is used as it is. Errors: a path of the configuration that
// cannot be had, a group that does not exist, in_use.
Outcome<std::unique_ptr<LocalFront>> open_local(const LocalConfig& config, InheritedSockets& inherited, std::size_t worker,
                                                Service& service, access::Access& access);

}  // namespace qeaas
