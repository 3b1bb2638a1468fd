// SPDX-License-Identifier: GPL-3.0-or-later
// EntropyPool: every derivation is BLAKE2s keyed with a secret over one byte that says what for and a counter, so that no two are alike.
#include "pool/pool.hpp"

namespace qeaas {
namespace {

enum class Use : std::uint8_t { next_key = 0, output = 1, next_accumulator = 2, stored_seed = 3 };

using Digest = std::array<std::uint8_t, kBlake2sBytes>;

constexpr unsigned smaller(unsigned a, unsigned b) noexcept { return a < b ? a : b; }

// derive: BLAKE2s(key; use || counter || more).
void derive(const Digest& key, Use use, std::uint32_t counter, std::span<const std::uint8_t> more,
            std::span<std::uint8_t, kBlake2sBytes> into) noexcept {
  const std::array<std::uint8_t, 5> label{static_cast<std::uint8_t>(use), static_cast<std::uint8_t>(counter),
                                          static_cast<std::uint8_t>(counter >> 8), static_cast<std::uint8_t>(counter >> 16),
                                          static_cast<std::uint8_t>(counter >> 24)};
  Blake2s hash(key);
  hash.update(label).update(more).finish(into);
}

}  // namespace

EntropyPool::EntropyPool(const PoolPolicy& policy) noexcept
    : full_bits_(smaller(policy.full_bits, kPoolStateBits)), low_bits_(smaller(policy.low_bits, full_bits_)) {}

void EntropyPool::mix(std::span<const std::uint8_t> data) noexcept { accumulator_.update(data); }

void EntropyPool::credit(unsigned bits) noexcept {
  pending_bits_ += smaller(bits, kPoolStateBits - pending_bits_);
  if (pending_bits_ == kPoolStateBits) reseed();
}

void EntropyPool::add(std::span<const std::uint8_t> data, unsigned bits) noexcept {
  mix(data);
  const std::size_t most = data.size() < kPoolStateBits ? data.size() * 8 : kPoolStateBits;
  credit(smaller(bits, static_cast<unsigned>(most)));
}

// reseed folds the accumulator into the key: the new key is unknown to whoever lacks either of them. The accumulator goes on from a value
// that tells nothing of what was in it.
void EntropyPool::reseed() noexcept {
  Digest seed;
  accumulator_.finish(seed);
  Digest next;
  derive(seed, Use::next_accumulator, 0, {}, next);
  accumulator_.begin(next);
  derive(seed, Use::next_key, reseeds_, key_, key_);
  erase(seed);
  erase(next);
  pending_bits_ = 0;
  level_bits_ = full_bits_;
  seeded_ = true;
  ++reseeds_;
}

void EntropyPool::generate(std::span<std::uint8_t> out) noexcept {
  // The key is replaced first: from here on nothing in the pool leads back to this output.
  Digest used;
  copy_secret(key_, used);
  derive(used, Use::next_key, 0, {}, key_);
  std::uint32_t counter = 0;
  for (; out.size() >= kBlake2sBytes; out = out.subspan(kBlake2sBytes))
    derive(used, Use::output, counter++, {}, out.first<kBlake2sBytes>());
  if (!out.empty()) {
    Digest block;
    derive(used, Use::output, counter, {}, block);
    copy_secret(std::span(block).first(out.size()), out);
    erase(block);
  }
  erase(used);
}

bool EntropyPool::extract(std::span<std::uint8_t> out) noexcept {
  if (!seeded_) {
    erase(out);
    return false;
  }
  generate(out);
  const std::size_t spent = out.size() < kPoolStateBits ? out.size() * 8 : kPoolStateBits;
  level_bits_ -= smaller(static_cast<unsigned>(spent), level_bits_);
  return true;
}

// draw_seed leaves the accumulator of a seeded pool alone: somebody who knew the key and read the seed could guess small injections from it
// one by one. Before that it has nothing else, so what was credited until now is forgotten: it may be guessed in that way.
void EntropyPool::draw_seed(std::span<std::uint8_t, kKeyBytes> out) noexcept {
  if (seeded_) return generate(out);
  Digest mixed;
  accumulator_.finish(mixed);
  Digest next;
  derive(mixed, Use::next_accumulator, 0, {}, next);
  accumulator_.begin(next);
  derive(mixed, Use::stored_seed, 0, {}, out);
  erase(mixed);
  erase(next);
  pending_bits_ = 0;
}

}  // namespace qeaas
