// SPDX-License-Identifier: GPL-3.0-or-later
// Time: every timer takes the time as an argument, so that tests never wait.
#pragma once

#include <chrono>

namespace qeaas {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using namespace std::chrono_literals;

}  // namespace qeaas
