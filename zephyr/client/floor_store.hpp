// SPDX-License-Identifier: GPL-3.0-or-later
// The floor date across restarts. floor_settings.cpp keeps it in Zephyr's settings, floor_none.cpp does not; the build picks one. The
// client's thread alone.
#pragma once

#include <cstdint>

namespace qeaas::device {

// stored_floor gives Unix seconds, 0 if nothing is stored.
std::int64_t stored_floor() noexcept;
// raise_floor stores a date that is more than a day later than the stored one. now: of a clock that has been set; 0 is ignored.
void raise_floor(std::int64_t now) noexcept;

}  // namespace qeaas::device
