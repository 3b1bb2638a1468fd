// SPDX-License-Identifier: GPL-3.0-or-later
// What this image trusts and how it knows the date, from its configuration.
#pragma once

#include "dtls.hpp"

namespace qeaas::device {

// trusted_config points to static memory, and to server_name, which must outlive the session.
DtlsConfig trusted_config(const char* server_name) noexcept;

// floor_date is the latest date, in Unix seconds, that this device knows to have passed: of its build, or the stored one.
std::int64_t floor_date() noexcept;
// clock_date is the clock's, or 0 when nobody has set it.
std::int64_t clock_date(void* context) noexcept;

}  // namespace qeaas::device
