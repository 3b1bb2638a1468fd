// SPDX-License-Identifier: GPL-3.0-or-later
// How many descriptors the configuration asks for, and the process's limit of them. systemd and shells give a process 1,024 to begin
// with, for programs that use select(2); this one does not.
#pragma once

#include "base/error.hpp"
#include "config.hpp"

namespace qeaas {

// descriptors_needed counts every connection that the configuration allows at once, what each worker holds, and some for files. DTLS
// sessions share their socket: they need none.
std::uint64_t descriptors_needed(const Config& config, std::size_t workers) noexcept;

// raise_descriptor_limit raises this process's soft limit to needed where the hard limit allows it, and gives what is in force then; it
// lowers nothing. Error: io.
Result<std::uint64_t> raise_descriptor_limit(std::uint64_t needed) noexcept;

// provide_descriptors does both at the start, and warns with what to do when there are too few.
void provide_descriptors(const Config& config, std::size_t workers);

}  // namespace qeaas
