// SPDX-License-Identifier: GPL-3.0-or-later
// Seeder: seeds for wolfSSL's generators.
#include "service/seeder.hpp"

#include "base/log.hpp"

namespace qeaas {

Status Seeder::fill(MutableBytes out) noexcept {
  const std::lock_guard lock(mutex_);
  auto filled = generate(out);
  if (!filled) wipe(out);
  return filled;
}

Status Seeder::generate(MutableBytes out) noexcept {
  const auto now = options_.now();
  const bool due = used_bytes_ + out.size() > kReseedBytes || now - since_ >= kReseedInterval;
  if (!drbg_.seeded() || due) {
    const auto seeded = seed_from_direct();
    if (!seeded && !drbg_.seeded()) return seeded;
    if (!seeded) log::warning("no direct entropy to reseed the channels' generator; it goes on with the operating system's added");
    // Without direct entropy the next attempt waits as long as a reseeded generator would.
    used_bytes_ = 0;
    since_ = now;
  }
  Secret<HashDrbg::kMinEntropyBytes + MixIn::kBytes> additional;
  const auto system = additional.span().first<HashDrbg::kMinEntropyBytes>();
  if (const auto got = options_.os_entropy(system); !got) return got;
  const bool more = outside_.read(outside_seen_, additional.span().last<MixIn::kBytes>());
  used_bytes_ += out.size();
  return drbg_.generate(out, more ? Bytes(additional.span()) : Bytes(system));
}

Status Seeder::seed_from_direct() noexcept {
  Secret<HashDrbg::kMinEntropyBytes + HashDrbg::kMinNonceBytes> material;
  Provenance unused;
  if (const auto drawn = tap_.fill(material.span(), EntropyType::direct, unused); !drawn) return drawn;
  const auto bytes = std::as_const(material).span();
  if (drbg_.seeded()) return drbg_.reseed(bytes);
  return drbg_.instantiate(bytes.first<HashDrbg::kMinEntropyBytes>(), bytes.last<HashDrbg::kMinNonceBytes>());
}

}  // namespace qeaas
