// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of several servers made into one.
#include "client/combine.hpp"

#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "crypto/hash.hpp"

namespace qeaas {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> big_endian(std::uint64_t value) noexcept {
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t i = 0; i < N; ++i) bytes[N - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
  return bytes;
}

}  // namespace

Result<SecretBytes> combine(std::span<const Bytes> answers, std::uint64_t first_block) {
  if (answers.empty()) return fail(Error::malformed);
  const auto size = answers.front().size();
  if (std::ranges::any_of(answers, [&](Bytes answer) { return answer.size() != size; })) return fail(Error::malformed);
  if (answers.size() == 1) return SecretBytes(answers.front());
  SecretBytes combined(size);
  Sha256 hash;
  Secret<kSha256Bytes> digest;
  for (std::size_t at = 0; at < size; at += kBlockBytes) {
    const auto length = std::min(kBlockBytes, size - at);
    hash.update(bytes_of(kCombineTag));
    hash.update(big_endian<8>(first_block + at / kBlockBytes));
    hash.update(big_endian<4>(answers.size()));
    for (std::size_t i = 0; i < answers.size(); ++i) hash.update(big_endian<4>(length));
    for (const auto& answer : answers) hash.update(answer.subspan(at, length));
    hash.finish(digest.span());
    std::copy_n(digest.span().begin(), length, combined.span().begin() + static_cast<std::ptrdiff_t>(at));
  }
  return combined;
}

}  // namespace qeaas
