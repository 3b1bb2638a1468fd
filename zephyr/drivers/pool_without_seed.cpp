// SPDX-License-Identifier: GPL-3.0-or-later
// PoolDevice without a boot seed, for builds without flash.
#include "pool_device.hpp"

namespace qeaas {

void PoolDevice::begin_seed() noexcept { k_work_init(&seed_work_, &PoolDevice::on_seed_work); }
void PoolDevice::on_seed_work(k_work*) {}
bool PoolDevice::seed_is_due() noexcept { return false; }

}  // namespace qeaas
