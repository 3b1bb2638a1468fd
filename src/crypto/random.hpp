// SPDX-License-Identifier: GPL-3.0-or-later
// Where wolfSSL's own generators get their seed. The process decides once, at start: the server injects the entropy service, the
// command-line client the operating system. A seed that cannot be had makes the handshake fail; nothing weaker is used.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

// SeedFunction fills all of out with full-entropy bytes or fails. Called from any thread.
using SeedFunction = Status (*)(MutableBytes out) noexcept;

// os_seed is getrandom(2), blocking until the kernel's generator is initialised.
Status os_seed(MutableBytes out) noexcept;

// initialise_crypto prepares wolfSSL (it may be called again) and installs the seed function. Fails with crypto.
Status initialise_crypto(SeedFunction seed) noexcept;

// seed_bytes fills out from the installed seed function.
Status seed_bytes(MutableBytes out) noexcept;

}  // namespace qeaas
