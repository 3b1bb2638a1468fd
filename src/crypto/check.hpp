// SPDX-License-Identifier: GPL-3.0-or-later
// What to do when a primitive that cannot fail on valid arguments fails: stop. Going on would mean serving bytes that nobody
// can vouch for.
#pragma once

#include <cstdlib>

#include "base/log.hpp"

namespace qeaas::crypto {

// must ends the process (fail closed) when a wolfCrypt call returns an error. For calls that can fail on bad input, or that
// allocate, use Result instead.
inline void must(int result) noexcept {
  if (result >= 0) return;
  log::error("a cryptographic primitive failed; the process stops rather than serve unchecked bytes");
  std::abort();
}

}  // namespace qeaas::crypto
