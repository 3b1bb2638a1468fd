// SPDX-License-Identifier: GPL-3.0-or-later
// Draw: what every front end is given to draw from. A worker's tap of the service is one; tests bring their own.
#pragma once

#include <chrono>

#include "base/error.hpp"
#include "base/provenance.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxDrawBytes = 65536;

class Draw {
 public:
  Draw() noexcept = default;
  Draw(const Draw&) = delete;
  Draw& operator=(const Draw&) = delete;
  virtual ~Draw() = default;
  // fill makes one draw: all of out (1 to kMaxDrawBytes) or nothing. On an error out is zeroed and provenance is empty; the tags in
  // provenance live as long as the service. Errors: too_large, out_of_range (nothing asked for), starved, alarmed, io.
  virtual Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept = 0;
  // retry_after is when the draw that failed last may succeed.
  virtual std::chrono::seconds retry_after() const noexcept = 0;
};

}  // namespace qeaas
