// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses and makes the conditioner of one source from the options. The Toeplitz seed is made once, from the operating system (it
// must be independent of the source), and kept in the state folder.
#pragma once

#include <memory>

#include "condition/conditioner.hpp"
#include "service/options.hpp"

namespace qeaas {

// make_conditioner. Errors: out_of_range when the claim of the source is none (0 or more bits than a sample has) or when a kept seed
// has another size; io, denied, ... from the seed file.
Outcome<std::unique_ptr<Conditioner>> make_conditioner(const ServiceOptions& options, const SourceInfo& info);

}  // namespace qeaas
