// SPDX-License-Identifier: GPL-3.0-or-later
// The direct draw: look at what the healthy sources offer, refuse before anything is consumed if it is not enough, take and combine
// by policy, and give nothing out if an alarm was raised meanwhile.
#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>

#include "crypto/hash.hpp"
#include "service/tap.hpp"

namespace qeaas {
namespace {

constexpr std::string_view kCombineTag = "qeaas combine v1";
constexpr std::chrono::seconds kAlarmRetry{10};  // start-up tests and back-off take about that long

Bytes combine_tag() noexcept { return bytes_of(kCombineTag); }

void xor_onto(MutableBytes sum, Bytes other) noexcept {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= other[i];
}

}  // namespace

Status Tap::direct(MutableBytes out, Provenance& provenance) noexcept {
  const std::size_t blocks = (out.size() + kBlockBytes - 1) / kBlockBytes;
  survey();
  if (auto enough = check(blocks); !enough) return enough;
  return conclude(gather(out), blocks, provenance);
}

// conclude gives the draw out, or, after an alarm in the middle of it, fails: its blocks are gone, and fill wipes what it made of them.
Status Tap::conclude(bool gathered, std::size_t blocks, Provenance& provenance) noexcept {
  if (gathered && settle(provenance)) return {};
  return starved(blocks, 0);
}

// survey lists the healthy sources in the order of the configuration. The generation is read before any block is taken.
void Tap::survey() noexcept {
  offer_count_ = 0;
  for (std::size_t i = 0; i < pumps_.size(); ++i) {
    Pump& pump = *pumps_[i];
    if (pump.state() != SourceState::healthy) continue;
    const bool counted = pump.feeds_direct();
    if (!counted && !(pump.contributes() && options_.policy == Policy::combine)) continue;
    offers_[offer_count_++] = {i, pump.generation(), pump.ring(ring_).size(), counted, 0};
  }
}

bool Tap::enough_sources() noexcept {
  const auto all = offers();
  const auto counted = std::count_if(all.begin(), all.end(), [](const Offer& offer) { return offer.counted; });
  return static_cast<std::size_t>(counted) >= options_.min_sources;
}

// ready_blocks is the largest number that check would let pass.
std::size_t Tap::ready_blocks() noexcept {
  survey();
  if (!enough_sources()) return 0;
  std::array<std::size_t, kMaxSources> ready{};
  std::size_t sources = 0;
  std::size_t all = 0;
  for (const Offer& offer : offers()) {
    all += offer.blocks;
    if (offer.counted) ready[sources++] = offer.blocks;
  }
  const auto capacity = pumps_.front()->ring(ring_).capacity();
  if (options_.policy == Policy::least_loaded) return std::min(all, capacity);
  if (options_.policy == Policy::failover) return offers().front().blocks;
  // combine: as many as min_sources of them all have.
  std::sort(ready.begin(), ready.begin() + static_cast<std::ptrdiff_t>(sources), std::greater<>());
  return ready[options_.min_sources - 1];
}

Status Tap::check(std::size_t blocks) noexcept {
  if (blocks > pumps_.front()->ring(ring_).capacity()) return fail(Error::too_large);
  if (!enough_sources()) return shortage();
  switch (options_.policy) {
    case Policy::combine: return check_combine(blocks);
    case Policy::least_loaded: return check_least_loaded(blocks);
    case Policy::failover: return check_failover(blocks);
  }
  return fail(Error::unsupported);
}

// check_combine: every block of the answer must have min_sources sources, so that many must have all blocks of the answer.
Status Tap::check_combine(std::size_t blocks) noexcept {
  std::size_t enough = 0;
  auto wait = std::chrono::seconds::max();
  for (const Offer& offer : offers()) {
    if (!offer.counted) continue;
    if (offer.blocks >= blocks) ++enough;
    const auto rate = pumps_[offer.pump]->bits_per_second() / options_.workers;
    if (offer.blocks < blocks) wait = std::min(wait, retry_time(blocks - offer.blocks, rate));
  }
  if (enough >= options_.min_sources) return {};
  const auto status = starved(blocks, 0);
  retry_after_ = wait;
  return status;
}

Status Tap::check_least_loaded(std::size_t blocks) noexcept {
  std::size_t ready = 0;
  std::uint64_t rate = 0;
  for (const Offer& offer : offers()) {
    ready += offer.blocks;
    rate += pumps_[offer.pump]->bits_per_second();
  }
  return ready >= blocks ? Status() : starved(blocks - ready, rate);
}

Status Tap::check_failover(std::size_t blocks) noexcept {
  const Offer& first = offers().front();
  return first.blocks >= blocks ? Status() : starved(blocks - first.blocks, pumps_[first.pump]->bits_per_second());
}

bool Tap::gather(MutableBytes out) noexcept {
  Block block;
  while (!out.empty()) {
    if (!next_block(block)) return false;
    const auto part = std::min(out.size(), kBlockBytes);
    std::copy_n(block.span().begin(), part, out.begin());  // the rest of a last block is wiped, never kept
    out = out.subspan(part);
  }
  return true;
}

bool Tap::next_block(Block& block) noexcept {
  if (options_.policy == Policy::combine) return combined_block(block);
  if (options_.policy == Policy::failover) return take(offers().front(), block);
  const auto rest = [](const Offer& offer) { return offer.blocks - offer.taken; };
  const auto all = offers();
  return take(*std::max_element(all.begin(), all.end(), [&](const Offer& a, const Offer& b) { return rest(a) < rest(b); }), block);
}

// combined_block: one source, its block; k >= 2 sources, SHA-256 over 256 k bits, which is at least the n + 64 bits that a vetted
// conditioning component needs for n = 256 bits of full entropy (SP 800-90C). What contributes is XORed on at the end: independent of
// the rest, it cannot make it worse.
bool Tap::combined_block(Block& block) noexcept {
  std::optional<Sha256> hash;
  Block next;
  Block contributed;
  bool have_first = false;
  for (Offer& offer : offers()) {
    if (offer.taken == offer.blocks) continue;
    if (!take(offer, next)) return false;
    if (!offer.counted) {
      xor_onto(contributed.span(), next.span());
    } else if (!have_first) {
      std::copy(next.span().begin(), next.span().end(), block.span().begin());
      have_first = true;
    } else {
      if (!hash) hash.emplace().update(combine_tag()).update(block.span());
      hash->update(next.span());
    }
  }
  if (hash) hash->finish(block.span());
  xor_onto(block.span(), contributed.span());
  return have_first;
}

bool Tap::take(Offer& offer, Block& block) noexcept {
  if (!pumps_[offer.pump]->ring(ring_).pop(block.span(), offer.generation)) return false;
  ++offer.taken;
  return true;
}

// settle is the point of no return: no source that gave a block has raised an alarm until now.
bool Tap::settle(Provenance& provenance) noexcept {
  for (const Offer& offer : offers()) {
    if (offer.taken > 0 && pumps_[offer.pump]->generation() != offer.generation) return false;
  }
  for (const Offer& offer : offers()) {
    if (offer.taken == 0) continue;
    provenance.add(pumps_[offer.pump]->tag());
    pumps_[offer.pump]->taken(ring_, offer.taken);
  }
  return true;
}

// shortage says why too few sources are healthy: alarmed when none is, none is being started, and an alarm is among the reasons.
Status Tap::shortage() noexcept {
  bool alarm = false;
  bool hope = false;
  for (const auto& pump : pumps_) {
    if (!pump->feeds_direct()) continue;
    const auto state = pump->state();
    alarm = alarm || state == SourceState::alarmed;
    hope = hope || state == SourceState::healthy || state == SourceState::starting;
  }
  retry_after_ = kAlarmRetry;
  return fail(alarm && !hope ? Error::alarmed : Error::starved);
}

// starved wakes the pumps, so that a retry finds more than this draw did.
Status Tap::starved(std::size_t missing_blocks, std::uint64_t bits_per_second) noexcept {
  for (const Offer& offer : offers()) pumps_[offer.pump]->demand();
  retry_after_ = bits_per_second == 0 ? std::chrono::seconds(1) : retry_time(missing_blocks, bits_per_second / options_.workers);
  return fail(Error::starved);
}

}  // namespace qeaas
