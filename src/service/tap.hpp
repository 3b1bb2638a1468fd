// SPDX-License-Identifier: GPL-3.0-or-later
// Tap: one worker's view of the service, where a draw is made. It takes blocks from that worker's reservoirs, combines them by
// policy, and gives the account of them. Not thread-safe: one worker, one tap. Nothing is allocated by a draw.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <span>

#include "base/draw.hpp"
#include "crypto/drbg.hpp"
#include "service/mix_in.hpp"
#include "service/options.hpp"
#include "service/pump.hpp"

namespace qeaas {

// retry_time is how long a source (or several) of this rate takes for so many blocks: 1 to 60 s, 60 when nothing is known.
std::chrono::seconds retry_time(std::size_t blocks, std::uint64_t bits_per_second) noexcept;

class Tap final : public Draw {
 public:
  // Everything named must outlive the tap; ring is the index of its reservoir in every pump.
  Tap(std::span<const std::unique_ptr<Pump>> pumps, const ServiceOptions& options, const MixIn& outside, std::size_t ring);

  // fill makes one draw: all of out or nothing. On an error out is zeroed and provenance is empty. Errors: too_large (more than
  // kMaxDrawBytes, or than a reservoir ever holds), out_of_range (nothing asked for), starved, alarmed, io (mixed: the operating
  // system gave no seed). A mixed answer names its direct sources; that the operating system was mixed in is what its type says.
  // The tags in provenance live as long as the service.
  Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept override;
  // retry_after is when the draw that failed last may succeed, from the measured rate: 1 to 60 s.
  std::chrono::seconds retry_after() const noexcept override { return retry_after_; }
  // ready_blocks is how many blocks a direct draw could have right now; 0 while too few sources are healthy.
  std::size_t ready_blocks() noexcept;

 private:
  friend class TapProbe;  // tests raise an alarm between two steps of a draw
  struct Offer {          // what one source has for this draw
    std::size_t pump = 0;
    std::uint32_t generation = 0;
    std::size_t blocks = 0;
    bool counted = false;  // may feed direct; otherwise it only contributes
    std::size_t taken = 0;
  };
  using Block = Secret<kBlockBytes>;
  // Seeds is whom the DRBG owes its last seed to, and in which generation they were.
  struct Seeds {
    std::array<const Pump*, kMaxSources> pumps{};
    std::array<std::uint32_t, kMaxSources> generations{};
    std::size_t count = 0;
  };

  Status draw(MutableBytes out, EntropyType type, Provenance& provenance) noexcept;
  Status direct(MutableBytes out, Provenance& provenance) noexcept;
  Status mixed(MutableBytes out, Provenance& provenance) noexcept;
  Status drbg(MutableBytes out, Provenance& provenance) noexcept;

  // A direct draw: who offers what, is it enough, take it, and was no alarm raised meanwhile.
  void survey() noexcept;
  bool enough_sources() noexcept;
  Status check(std::size_t blocks) noexcept;
  Status check_combine(std::size_t blocks) noexcept;
  Status check_least_loaded(std::size_t blocks) noexcept;
  Status check_failover(std::size_t blocks) noexcept;
  bool gather(MutableBytes out) noexcept;
  Status conclude(bool gathered, std::size_t blocks, Provenance& provenance) noexcept;
  bool next_block(Block& block) noexcept;
  bool combined_block(Block& block) noexcept;
  bool take(Offer& offer, Block& block) noexcept;
  bool settle(Provenance& provenance) noexcept;
  std::span<Offer> offers() noexcept { return {offers_.data(), offer_count_}; }

  Status shortage() noexcept;
  Status starved(std::size_t missing_blocks, std::uint64_t bits_per_second) noexcept;

  Status seed_from_direct(Provenance& provenance) noexcept;
  bool seeds_stand() const noexcept;
  Status seed_from_system(std::size_t request) noexcept;
  bool due(const HashDrbg& drbg, std::uint64_t used_bytes, TimePoint since, std::size_t request) const noexcept;

  std::span<const std::unique_ptr<Pump>> pumps_;
  const ServiceOptions& options_;
  const MixIn& outside_;
  std::size_t ring_;
  std::chrono::seconds retry_after_{1};

  std::array<Offer, kMaxSources> offers_{};
  std::size_t offer_count_ = 0;

  HashDrbg drbg_;  // type drbg: seeded from direct
  std::uint64_t drbg_used_bytes_ = 0;
  TimePoint drbg_since_{};
  Seeds seeds_;

  HashDrbg system_drbg_;  // type mixed: seeded from the operating system, only ever XORed onto direct
  std::uint64_t system_used_bytes_ = 0;
  TimePoint system_since_{};
  std::uint64_t outside_seen_ = 0;
};

}  // namespace qeaas
