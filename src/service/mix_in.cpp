// SPDX-License-Identifier: GPL-3.0-or-later
// MixIn: additional input from outside.
#include "service/mix_in.hpp"

#include <cstring>
#include <string_view>

#include "crypto/hash.hpp"

namespace qeaas {
namespace {

constexpr std::string_view kTag = "qeaas mix-in v1";

Bytes tag() noexcept { return bytes_of(kTag); }

std::array<std::uint8_t, 8> big_endian(std::uint64_t number) noexcept {
  std::array<std::uint8_t, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return bytes;
}

}  // namespace

MixIn::~MixIn() {
  for (auto& word : pool_) word.store(0);
}

void MixIn::add(Bytes outside) noexcept {
  if (outside.empty()) return;
  const auto number = big_endian(calls_.fetch_add(1, std::memory_order_relaxed));
  Secret<kSha256Bytes> digest;
  sha256({tag(), number, outside}, digest.span());
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, digest.span().data() + 8 * i, 8);
    pool_[i].fetch_xor(word, std::memory_order_relaxed);
    wipe({reinterpret_cast<std::uint8_t*>(&word), sizeof(word)});
  }
  added_.fetch_add(1, std::memory_order_release);
}

bool MixIn::read(std::uint64_t& seen, std::span<std::uint8_t, kBytes> pool) const noexcept {
  const auto added = added_.load(std::memory_order_acquire);
  if (added == seen) return false;
  seen = added;
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    const auto word = pool_[i].load(std::memory_order_relaxed);
    std::memcpy(pool.data() + 8 * i, &word, 8);
  }
  return true;
}

}  // namespace qeaas
