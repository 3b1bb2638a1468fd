// SPDX-License-Identifier: GPL-3.0-or-later
// Zephyr's real-time clock. realtime_kernel.cpp asks the kernel (Zephyr 4.2 and later), realtime_posix.cpp its POSIX interface (before);
// the build picks one.
#pragma once

#include <cstdint>

namespace qeaas::device {

// realtime_seconds counts from 1970, or from boot while nobody has set the clock; 0 on failure.
std::int64_t realtime_seconds() noexcept;

}  // namespace qeaas::device
