// SPDX-License-Identifier: GPL-3.0-or-later
// One worker's draws: the three entropy types on top of a direct draw. tap_direct.cpp has the direct draw itself.
#include "service/tap.hpp"

#include <algorithm>

namespace qeaas {
namespace {

// A first seed is 48 bytes of entropy (384 bits) and 16 of nonce, a reseed 64 bytes: above SP 800-90A's 256 + 128 bits.
constexpr std::size_t kSeedBytes = 64;
constexpr std::size_t kNonceBytes = HashDrbg::kMinNonceBytes;

std::array<std::uint8_t, 12> personalization(char kind, std::size_t ring) noexcept {
  return {'q', 'e', 'a', 'a', 's', ' ', 'd', 'r', 'b', 'g', static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(ring)};
}

Status seed(HashDrbg& drbg, Bytes material, Bytes personal) noexcept {
  if (drbg.seeded()) return drbg.reseed(material);
  return drbg.instantiate(material.subspan(kNonceBytes), material.first(kNonceBytes), personal);
}

}  // namespace

std::chrono::seconds retry_time(std::size_t blocks, std::uint64_t bits_per_second) noexcept {
  constexpr std::uint64_t kMost = 60;
  if (bits_per_second == 0) return std::chrono::seconds(kMost);
  const std::uint64_t bits = std::uint64_t{blocks} * kBlockBits;
  return std::chrono::seconds(std::clamp<std::uint64_t>((bits + bits_per_second - 1) / bits_per_second, 1, kMost));
}

Tap::Tap(std::span<const std::unique_ptr<Pump>> pumps, const ServiceOptions& options, const MixIn& outside, std::size_t ring)
    : pumps_(pumps), options_(options), outside_(outside), ring_(ring) {}

Status Tap::fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept {
  provenance.reset(type);
  auto status = draw(out, type, provenance);
  if (!status) {
    wipe(out);
    provenance.reset(type);
  }
  return status;
}

Status Tap::draw(MutableBytes out, EntropyType type, Provenance& provenance) noexcept {
  if (out.empty()) return fail(Error::out_of_range);
  if (out.size() > kMaxDrawBytes) return fail(Error::too_large);
  switch (type) {
    case EntropyType::direct: return direct(out, provenance);
    case EntropyType::mixed: return mixed(out, provenance);
    case EntropyType::drbg: return drbg(out, provenance);
  }
  return fail(Error::unsupported);
}

// mixed is direct XOR a Hash_DRBG of the operating system, with what was added from outside as additional input: no worse than either.
Status Tap::mixed(MutableBytes out, Provenance& provenance) noexcept {
  if (auto ready = seed_from_system(out.size()); !ready) return ready;
  if (auto drawn = direct(out, provenance); !drawn) return drawn;
  Secret<512> pad;
  Secret<MixIn::kBytes> outside;
  Bytes additional;
  if (outside_.read(outside_seen_, outside.span())) additional = outside.span();
  for (auto rest = out; !rest.empty();) {
    const auto part = pad.span().first(std::min(rest.size(), pad.size()));
    if (auto made = system_drbg_.generate(part, std::exchange(additional, {})); !made) return made;
    for (std::size_t i = 0; i < part.size(); ++i) rest[i] ^= part[i];
    rest = rest.subspan(part.size());
  }
  system_used_bytes_ += out.size();
  return {};
}

Status Tap::drbg(MutableBytes out, Provenance& provenance) noexcept {
  if (due(drbg_, drbg_used_bytes_, drbg_since_, out.size()) || !seeds_stand()) {
    if (auto seeded = seed_from_direct(provenance); !seeded) return seeded;
  }
  if (auto made = drbg_.generate(out); !made) return made;
  drbg_used_bytes_ += out.size();
  provenance.reset(EntropyType::drbg);
  for (std::size_t i = 0; i < seeds_.count; ++i) provenance.add(seeds_.pumps[i]->tag());
  return {};
}

// seed_from_direct fails closed: without fresh direct entropy at the deadline the DRBG gives nothing.
Status Tap::seed_from_direct(Provenance& provenance) noexcept {
  Secret<kSeedBytes> material;
  if (auto drawn = direct(material.span(), provenance); !drawn) return drawn;
  if (auto done = seed(drbg_, material.span(), personalization('d', ring_)); !done) return done;
  drbg_used_bytes_ = 0;
  drbg_since_ = options_.now();
  seeds_.count = 0;
  for (const Offer& offer : offers()) {
    if (offer.taken == 0) continue;
    seeds_.pumps[seeds_.count] = pumps_[offer.pump].get();
    seeds_.generations[seeds_.count++] = offer.generation;
  }
  return {};
}

// seeds_stand is false when a source of the last seed has raised an alarm since: then the seed is not trusted either.
bool Tap::seeds_stand() const noexcept {
  for (std::size_t i = 0; i < seeds_.count; ++i) {
    if (seeds_.pumps[i]->generation() != seeds_.generations[i]) return false;
  }
  return true;
}

Status Tap::seed_from_system(std::size_t request) noexcept {
  if (!due(system_drbg_, system_used_bytes_, system_since_, request)) return {};
  Secret<kSeedBytes> material;
  if (!options_.os_entropy(material.span())) return fail(Error::io);
  if (auto done = seed(system_drbg_, material.span(), personalization('s', ring_)); !done) return done;
  system_used_bytes_ = 0;
  system_since_ = options_.now();
  return {};
}

bool Tap::due(const HashDrbg& drbg, std::uint64_t used_bytes, TimePoint since, std::size_t request) const noexcept {
  if (!drbg.seeded() || options_.now() - since >= options_.drbg_reseed_interval) return true;
  return used_bytes > 0 && used_bytes + request > options_.drbg_reseed_bytes;
}

}  // namespace qeaas
