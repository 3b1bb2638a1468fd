// SPDX-License-Identifier: GPL-3.0-or-later
// Times as people and protocols write them, in UTC.
#pragma once

#include <array>
#include <chrono>
#include <string>

namespace qeaas {

// rfc3339 is to the millisecond: "2026-11-22T01:49:40.123Z". The year must be 0 to 9999.
std::string rfc3339(std::chrono::system_clock::time_point when);
// http_date is the IMF-fixdate of RFC 9110 5.6.7: "Sun, 22 Nov 2026 01:49:40 GMT".
// It is a value, so that an answer's date allocates nothing.
using HttpDate = std::array<char, 29>;
HttpDate http_date(std::chrono::system_clock::time_point when);

}  // namespace qeaas
