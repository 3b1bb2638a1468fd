// SPDX-License-Identifier: GPL-3.0-or-later
// What the configuration decides about the service. Plain values; Service::create checks them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "crypto/random.hpp"
#include "source/source.hpp"

namespace qeaas {

enum class Policy : std::uint8_t {
  combine,       // every block of an answer comes from all healthy sources that have a block ready
  least_loaded,  // each block comes from the healthy source with the fullest reservoir
  failover,      // all from the first healthy source in the order of the configuration, and from no other
};
std::string_view name(Policy policy) noexcept;
std::optional<Policy> policy(std::string_view text) noexcept;

enum class ConditionerKind : std::uint8_t { sha256, toeplitz };
std::string_view name(ConditionerKind kind) noexcept;
std::optional<ConditionerKind> conditioner_kind(std::string_view text) noexcept;

struct ServiceOptions {
  Policy policy = Policy::combine;
  std::size_t min_sources = 1;          // fewer healthy sources with a block ready: an error, never weaker bytes
  std::size_t workers = 1;              // one tap each
  std::size_t reservoir_blocks = 2048;  // a source's ring for one worker; a power of two. 2048 blocks hold one largest draw
  std::uint64_t drbg_reseed_bytes = 1U << 20;
  std::chrono::seconds drbg_reseed_interval{60};
  ConditionerKind conditioner = ConditionerKind::sha256;
  std::filesystem::path state_folder;  // where toeplitz-<source id>.seed is kept; needed for toeplitz only

  // Timing of a pump.
  std::chrono::milliseconds back_off_first{100};  // after a source vanished or alarmed; doubles
  std::chrono::milliseconds back_off_limit{30'000};
  std::chrono::milliseconds idle_test_interval{1000};  // full reservoirs: one block is still tested this often
  TimePoint (*now)() = &Clock::now;                    // the clock of the DRBG deadlines; tests bring their own
  SeedFunction os_entropy = &os_seed;                  // seeds the operating system's half of mixed
};

// SourceSetup is one source of the configuration, in its order.
struct SourceSetup {
  std::unique_ptr<Source> source;
  // contribute lets a source that may not feed direct (os, remote) be XORed onto combined blocks that direct sources have already
  // made: it can add, it is named in the provenance, and it is never counted. Policy combine only.
  bool contribute = false;
};

}  // namespace qeaas
