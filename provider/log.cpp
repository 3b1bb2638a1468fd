// SPDX-License-Identifier: GPL-3.0-or-later
// Logging inside a host program: to the system's log under the host's own name. Standard error is the host's, and the logger of the
// other programs would bring its libraries along. This stands in for src/base/log.cpp in the module.
#include "base/log.hpp"

#include <syslog.h>

namespace qeaas::log {

void write(Level level, std::string_view text, Fields /*fields*/) noexcept {
  const int priority = level == Level::error ? LOG_ERR : level == Level::warning ? LOG_WARNING : LOG_INFO;
  if (level != Level::debug) ::syslog(priority, "qeaas-provider: %.*s", static_cast<int>(text.size()), text.data());
}

}  // namespace qeaas::log
