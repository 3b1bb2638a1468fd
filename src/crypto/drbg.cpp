// SPDX-License-Identifier: GPL-3.0-or-later
// Hash_DRBG with SHA-256. Section numbers are those of SP 800-90A rev. 1.
#include "crypto/drbg.hpp"

#include <algorithm>
#include <utility>

#include "crypto/hash.hpp"

namespace qeaas {
namespace {

using SeedSpan = std::span<std::uint8_t, HashDrbg::kSeedLengthBytes>;
constexpr std::size_t kWordBytes = 8;

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

std::uint64_t load_word(const std::uint8_t* from) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < kWordBytes; ++i) word = word << 8 | from[i];  // compilers make one load of it
  return word;
}

void store_word(std::uint64_t word, std::uint8_t* to) noexcept {
  for (std::size_t i = kWordBytes; i-- > 0; word >>= 8) to[i] = static_cast<std::uint8_t>(word);
}

// add computes sum = (sum + number) mod 2^seedlen, both big-endian, without a data-dependent branch: by words from the end on, and by
// bytes where less than a word is left.
template <std::size_t N>
void add(SeedSpan sum, std::span<const std::uint8_t, N> number) noexcept {
  static_assert(N % kWordBytes == 0 || N == HashDrbg::kSeedLengthBytes);
  std::uint64_t carry = 0;
  std::size_t left = sum.size();
  std::size_t number_left = N;
  for (; left >= kWordBytes; left -= kWordBytes) {
    std::uint8_t* const place = sum.data() + left - kWordBytes;
    const std::uint64_t addend = number_left >= kWordBytes ? load_word(number.data() + number_left - kWordBytes) : 0;
    number_left -= std::min(number_left, kWordBytes);
    const std::uint64_t partial = load_word(place) + carry;
    const std::uint64_t total = partial + addend;
    carry = static_cast<std::uint64_t>(partial < carry) + static_cast<std::uint64_t>(total < addend);
    store_word(total, place);
  }
  for (; left > 0; --left) {
    carry += sum[left - 1] + (number_left > 0 ? std::uint64_t{number[--number_left]} : 0);
    sum[left - 1] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
}

void increment(SeedSpan sum) noexcept {
  constexpr std::array<std::uint8_t, kWordBytes> kOne{0, 0, 0, 0, 0, 0, 0, 1};
  add(sum, std::span(kOne));
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
  add(v_.span(), std::as_const(w).span());
}

// hash_gen is Hashgen of 10.1.1.4.
void HashDrbg::hash_gen(MutableBytes out) const noexcept {
  Seed data(v_.span());
  Sha256 hash;
  for (; out.size() >= kSha256Bytes; out = out.subspan(kSha256Bytes)) {
    hash.update(data.span()).finish(out.first<kSha256Bytes>());
    increment(data.span());
  }
  if (out.empty()) return;
  Secret<kSha256Bytes> block;
  hash.update(data.span()).finish(block.span());
  std::copy_n(block.span().begin(), out.size(), out.begin());
}

// step is steps 4 to 6 of 10.1.1.4: what was given out cannot be computed from the state that remains.
void HashDrbg::step() noexcept {
  Secret<kSha256Bytes> h;
  sha256({kPrefix<3>, v_.span()}, h.span());
  std::array<std::uint8_t, kWordBytes> counter;
  store_word(reseed_counter_, counter.data());
  add(v_.span(), std::as_const(h).span());
  add(v_.span(), std::as_const(c_).span());
  add(v_.span(), std::span<const std::uint8_t, kWordBytes>(counter));
  ++reseed_counter_;
}

}  // namespace qeaas
