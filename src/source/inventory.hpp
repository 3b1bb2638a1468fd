// SPDX-License-Identifier: GPL-3.0-or-later
// What this machine has, for a server without a configuration.
#pragma once

#include <memory>
#include <vector>

#include "source/source.hpp"

namespace qeaas {

// physical_sources_of_this_machine: /dev/qrandom0 to 7, /dev/hwrng, RDSEED and jitter, those that open and are no hypervisor's
// or kernel's bytes. Each was opened once and closed again.
std::vector<std::unique_ptr<Source>> physical_sources_of_this_machine();

// keep_physical opens each candidate once and keeps those of kind quantum or physical.
std::vector<std::unique_ptr<Source>> keep_physical(std::vector<std::unique_ptr<Source>> candidates);

}  // namespace qeaas
