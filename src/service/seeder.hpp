// SPDX-License-Identifier: GPL-3.0-or-later
// Seeder: where wolfSSL's generators in the server get their seeds. A Hash_DRBG that begins with direct entropy and is reseeded with it
// as long as there is any, with the operating system's entropy mixed into every request. So a server whose sources have all failed can
// still open the channel over which it says so; what it serves there is another matter (tap.hpp). Thread-safe. docs/decisions/0003.
#pragma once

#include <mutex>

#include "crypto/drbg.hpp"
#include "service/tap.hpp"

namespace qeaas {

class Seeder {
 public:
  static constexpr std::uint64_t kReseedBytes = 1 << 16;
  static constexpr std::chrono::seconds kReseedInterval{60};

  // Everything named must outlive the seeder; the tap is its own.
  Seeder(Tap& tap, const ServiceOptions& options, const MixIn& outside) noexcept : tap_(tap), options_(options), outside_(outside) {}
  // fill gives seed material. Errors, which leave out zeroed: starved or alarmed before the first direct entropy; io when the operating
  // system gives none.
  Status fill(MutableBytes out) noexcept;

 private:
  Status generate(MutableBytes out) noexcept;
  Status seed_from_direct() noexcept;

  std::mutex mutex_;
  Tap& tap_;
  const ServiceOptions& options_;
  const MixIn& outside_;
  std::uint64_t outside_seen_ = 0;
  HashDrbg drbg_;
  std::uint64_t used_bytes_ = 0;
  TimePoint since_{};
};

}  // namespace qeaas
