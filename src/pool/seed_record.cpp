// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool/seed_record.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kGenerationAt = 8, kSeedAt = 16, kTagAt = 48, kTagBytes = 16;
constexpr std::array<std::uint8_t, kGenerationAt> kHead{'Q', 'S', 'E', 'D', 1, kSeedBytes, 0, 0};
static_assert(kSeedAt + kSeedBytes == kTagAt && kTagAt + kTagBytes == kSeedRecordBytes);

using Digest = std::array<std::uint8_t, kBlake2sBytes>;

// The name of the format is the key, so that no other use of BLAKE2s here has the same tags.
void tag_of(std::span<const std::uint8_t, kTagAt> body, Digest& tag) noexcept {
  constexpr std::array<std::uint8_t, 13> kName{'b', 'o', 'o', 't', ' ', 's', 'e', 'e', 'd', ' ', 't', 'a', 'g'};
  Blake2s hash(kName);
  hash.update(body).finish(tag);
}

}  // namespace

bool SeedRecord::parse(SeedRecordView from) noexcept {
  erase(seed);
  Digest tag;
  tag_of(from.first<kTagAt>(), tag);
  unsigned wrong = 0;
  for (std::size_t i = 0; i < kHead.size(); ++i) wrong |= static_cast<unsigned>(from[i] ^ kHead[i]);
  for (std::size_t i = kGenerationAt + 4; i < kSeedAt; ++i) wrong |= from[i];
  for (std::size_t i = 0; i < kTagBytes; ++i) wrong |= static_cast<unsigned>(from[kTagAt + i] ^ tag[i]);
  erase(tag);
  if (wrong != 0) return false;
  generation = 0;
  for (std::size_t i = 4; i-- > 0;) generation = generation << 8 | from[kGenerationAt + i];
  copy_secret(from.subspan<kSeedAt, kSeedBytes>(), seed);
  return true;
}

void SeedRecord::encode(std::span<std::uint8_t, kSeedRecordBytes> to) const noexcept {
  erase(to);
  for (std::size_t i = 0; i < kHead.size(); ++i) to[i] = kHead[i];
  for (std::size_t i = 0; i < 4; ++i) to[kGenerationAt + i] = static_cast<std::uint8_t>(generation >> 8 * i);
  copy_secret(seed, to.subspan<kSeedAt, kSeedBytes>());
  Digest tag;
  tag_of(to.first<kTagAt>(), tag);
  copy_secret(std::span(tag).first<kTagBytes>(), to.subspan<kTagAt, kTagBytes>());
  erase(tag);
}

bool SeedRecord::newer_than(const SeedRecord& other) const noexcept {
  return generation != other.generation && generation - other.generation < 0x8000'0000U;
}

}  // namespace qeaas
