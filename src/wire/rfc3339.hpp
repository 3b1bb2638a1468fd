// SPDX-License-Identifier: GPL-3.0-or-later
// Times for people and programs: RFC 3339, in UTC, to the millisecond.
#pragma once

#include <chrono>
#include <string>

namespace qeaas {

// rfc3339 gives "2026-03-01T12:34:56.789Z". The year must be 0 to 9999.
std::string rfc3339(std::chrono::system_clock::time_point time);

}  // namespace qeaas
