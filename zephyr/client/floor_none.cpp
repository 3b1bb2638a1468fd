// SPDX-License-Identifier: GPL-3.0-or-later
#include "floor_store.hpp"

namespace qeaas::device {

std::int64_t stored_floor() noexcept { return 0; }
void raise_floor(std::int64_t) noexcept {}

}  // namespace qeaas::device
