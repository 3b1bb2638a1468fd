// SPDX-License-Identifier: GPL-3.0-or-later
// Hash_DRBG with SHA-256. Section numbers are those of SP 800-90A rev. 1.
#include "crypto/drbg.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace qeaas {
namespace {

using SeedSpan = std::span<std::uint8_t, HashDrbg::kSeedLengthBytes>;

// hash_df is the derivation function (10.3.1) for seedlen bits. out may be one of the parts: it is written at the end only.
void hash_df(std::initializer_list<Bytes> parts, SeedSpan out) noexcept {
  constexpr std::size_t kBits = HashDrbg::kSeedLengthBytes * 8;
  constexpr std::array<std::uint8_t, 4> kBitsToReturn{0, 0, kBits >> 8, kBits & 0xff};
  Secret<2 * kSha256Bytes> digests;
  for (std::uint8_t counter = 1; counter <= 2; ++counter) {
    Sha256 hash;
    hash.update({&counter, 1}).update(kBitsToReturn);
    for (const Bytes part : parts) hash.update(part);
    hash.finish(digests.span().subspan(std::size_t{counter - 1U} * kSha256Bytes).first<kSha256Bytes>());
  }
  std::copy_n(digests.span().begin(), out.size(), out.begin());
}

// add computes sum = (sum + number) mod 2^seedlen, both big-endian.
void add(SeedSpan sum, Bytes number) noexcept {
  unsigned carry = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const std::size_t at = sum.size() - 1 - i;
    const unsigned addend = i < number.size() ? number[number.size() - 1 - i] : 0U;
    carry += sum[at] + addend;
    sum[at] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
}

template <std::uint8_t Prefix>
inline constexpr std::array<std::uint8_t, 1> kPrefix{Prefix};

bool all_within_limit(std::initializer_list<Bytes> inputs) noexcept {
  return std::all_of(inputs.begin(), inputs.end(), [](Bytes input) { return input.size() <= HashDrbg::kMaxInputBytes; });
}

}  // namespace

HashDrbg::HashDrbg(std::uint64_t reseed_interval) noexcept : reseed_interval_(std::min(reseed_interval, kReseedInterval)) {}

HashDrbg::~HashDrbg() { forget(); }

Status HashDrbg::instantiate(Bytes entropy, Bytes nonce, Bytes personalization) noexcept {
  if (entropy.size() < kMinEntropyBytes || nonce.size() < kMinNonceBytes) return fail(Error::out_of_range);
  if (!all_within_limit({entropy, nonce, personalization})) return fail(Error::too_large);
  hash_df({entropy, nonce, personalization}, v_.span());
  set_constant();
  return {};
}

Status HashDrbg::reseed(Bytes entropy, Bytes additional) noexcept {
  if (!seeded()) return fail(Error::starved);
  if (entropy.size() < kMinEntropyBytes) return fail(Error::out_of_range);
  if (!all_within_limit({entropy, additional})) return fail(Error::too_large);
  hash_df({kPrefix<1>, v_.span(), entropy, additional}, v_.span());
  set_constant();
  return {};
}

Status HashDrbg::generate(MutableBytes out, Bytes additional) noexcept {
  const auto refuse = [&](Error error) {
    wipe(out);
    return fail(error);
  };
  if (out.size() > kMaxRequestBytes || !all_within_limit({additional})) return refuse(Error::too_large);
  if (!seeded() || reseed_counter_ > reseed_interval_) return refuse(Error::starved);
  if (!additional.empty()) add_additional(additional);
  hash_gen(out);
  step();
  return {};
}

void HashDrbg::forget() noexcept {
  wipe(v_.span());
  wipe(c_.span());
  reseed_counter_ = 0;
}

// set_constant ends 10.1.1.2 and 10.1.1.3: C from V, and a fresh counter.
void HashDrbg::set_constant() noexcept {
  hash_df({kPrefix<0>, v_.span()}, c_.span());
  reseed_counter_ = 1;
}

// add_additional is step 2 of 10.1.1.4.
void HashDrbg::add_additional(Bytes additional) noexcept {
  Secret<kSha256Bytes> w;
  sha256({kPrefix<2>, v_.span(), additional}, w.span());
  add(v_.span(), w.span());
}

// hash_gen is Hashgen of 10.1.1.4.
void HashDrbg::hash_gen(MutableBytes out) const noexcept {
  constexpr std::array<std::uint8_t, 1> kOne{1};
  Seed data(v_.span());
  Secret<kSha256Bytes> block;
  while (!out.empty()) {
    sha256({data.span()}, block.span());
    const auto part = std::min(out.size(), kSha256Bytes);
    std::copy_n(block.span().begin(), part, out.begin());
    out = out.subspan(part);
    add(data.span(), kOne);
  }
}

// step is steps 4 to 6 of 10.1.1.4: what was given out cannot be computed from the state that remains.
void HashDrbg::step() noexcept {
  Secret<kSha256Bytes> h;
  sha256({kPrefix<3>, v_.span()}, h.span());
  std::array<std::uint8_t, 8> counter;
  for (std::size_t i = 0; i < counter.size(); ++i) counter[i] = static_cast<std::uint8_t>(reseed_counter_ >> (56 - 8 * i));
  add(v_.span(), h.span());
  add(v_.span(), c_.span());
  add(v_.span(), counter);
  ++reseed_counter_;
}

}  // namespace qeaas
