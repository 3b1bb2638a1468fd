// SPDX-License-Identifier: GPL-3.0-or-later
// The operating system's generator, getrandom(2). Kind os: it may be mixed in and is never counted.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "crypto/random.hpp"
#include "source/source.hpp"

namespace qeaas {

std::unique_ptr<Source> make_os_source(std::string id, std::optional<MinEntropy> per_sample = std::nullopt,
                                       SeedFunction generator = &os_seed);

}  // namespace qeaas
