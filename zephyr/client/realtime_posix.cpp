// SPDX-License-Identifier: GPL-3.0-or-later
#include "realtime.hpp"

#include <zephyr/posix/time.h>

namespace qeaas::device {

std::int64_t realtime_seconds() noexcept {
  timespec now{};
  return clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : 0;
}

}  // namespace qeaas::device
