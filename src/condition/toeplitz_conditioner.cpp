// SPDX-License-Identifier: GPL-3.0-or-later
// The Toeplitz conditioner: y = T x over GF(2), T[j][i] = seed[j - i + m - 1] for n = 256 output bits and m input bits. The family
// is 2-universal, so the leftover-hash bound gives n <= H - 2 log2(1/eps) with eps = 2^-64: 384 bits of assessed min-entropy.
// Samples are packed to sample_bits each; bit t of packed input, seed and output is bit t mod 8 of byte t / 8. The running time
// does not depend on the samples.
#include <algorithm>
#include <array>
#include <cstring>

#include "condition/conditioner.hpp"
#include "condition/contract.hpp"

namespace qeaas {
namespace {

constexpr unsigned kLog2InverseEpsilon = 64;
constexpr MinEntropy kNeeded = MinEntropy::from_whole_bits(kBlockBits + 2 * kLog2InverseEpsilon);
constexpr std::size_t kMaxInputBits = std::size_t{1} << 24;  // bounds the memory that a tiny claim can ask for
constexpr std::size_t kWords = kBlockBytes / sizeof(std::uint64_t);
constexpr unsigned kBits = 8;  // of a byte; also the samples that are packed at once

// input_bits is m, or 0 when the claim is out of range.
std::size_t input_bits(unsigned sample_bits, MinEntropy per_sample) noexcept {
  if (sample_bits < 1 || sample_bits > 8 || per_sample == MinEntropy()) return 0;
  if (per_sample > MinEntropy::from_whole_bits(sample_bits)) return 0;
  const std::size_t bits = condition::samples_for(kNeeded, per_sample) * sample_bits;
  return bits <= kMaxInputBits ? bits : 0;
}

// ShiftedSeed holds the seed eight times, once for each bit offset, so that the 256 seed bits that belong to input bit i are 32
// bytes in a row: seed bits m - 1 - i to m - 1 - i + 255.
class ShiftedSeed {
 public:
  ShiftedSeed(Bytes seed, std::size_t m)
      : input_bytes_((m + kBits - 1) / kBits), row_bytes_(input_bytes_ + kBlockBytes), rows_(kBits * row_bytes_) {
    // Zeros in front make m a multiple of eight: input bits beyond m are zero, and so may meet anything.
    const std::size_t padding = input_bytes_ * kBits - m;
    for (std::size_t k = 0; k < m + kBlockBits - 1; ++k) {
      const unsigned bit = (seed[k / kBits] >> (k % kBits)) & 1U;
      for (std::size_t shift = 0; shift < kBits && shift <= k + padding; ++shift) {
        const std::size_t place = k + padding - shift;
        rows_.span()[shift * row_bytes_ + place / kBits] |= static_cast<std::uint8_t>(bit << (place % kBits));
      }
    }
  }
  // window is the 32 seed bytes for bit number bit of input byte number byte.
  const std::uint8_t* window(std::size_t byte, unsigned bit) const noexcept {
    return rows_.span().data() + (kBits - 1 - bit) * row_bytes_ + (input_bytes_ - 1 - byte);
  }

 private:
  std::size_t input_bytes_;
  std::size_t row_bytes_;
  SecretBytes rows_;
};

class ToeplitzConditioner final : public Conditioner {
 public:
  ToeplitzConditioner(unsigned sample_bits, MinEntropy per_sample, Bytes seed)
      : sample_bits_(sample_bits), samples_(condition::samples_for(kNeeded, per_sample)), seed_(seed, samples_ * sample_bits) {}

  std::string_view name() const noexcept override { return "toeplitz"; }
  std::string_view basis() const noexcept override {
    return "Toeplitz hashing, not vetted by SP 800-90B: by the leftover-hash bound 384 bits of assessed min-entropy in give 256 bits "
           "out within statistical distance 2^-64 of uniform";
  }
  MinEntropy needed() const noexcept override { return kNeeded; }
  std::size_t samples_per_block() const noexcept override { return samples_; }
  void condition(Bytes samples, std::span<std::uint8_t, kBlockBytes> block) noexcept override;

 private:
  using Sum = std::array<std::uint64_t, kWords>;
  static std::uint64_t pack(Bytes samples, unsigned sample_bits) noexcept;
  void add(Sum& sum, std::size_t at, std::uint8_t input) const noexcept;

  unsigned sample_bits_;
  std::size_t samples_;
  ShiftedSeed seed_;
};

// pack joins up to eight samples to as many bytes as they have bits.
std::uint64_t ToeplitzConditioner::pack(Bytes samples, unsigned sample_bits) noexcept {
  const std::uint64_t mask = 0xffU >> (8 - sample_bits);
  std::uint64_t packed = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) packed |= (samples[i] & mask) << (i * sample_bits);
  return packed;
}

// add XORs into sum the columns of T that belong to the set bits of one input byte.
void ToeplitzConditioner::add(Sum& sum, std::size_t at, std::uint8_t input) const noexcept {
  for (unsigned bit = 0; bit < kBits; ++bit) {
    const std::uint64_t mask = std::uint64_t{0} - ((input >> bit) & 1U);
    Sum column;
    std::memcpy(column.data(), seed_.window(at, bit), kBlockBytes);
    for (std::size_t i = 0; i < kWords; ++i) sum[i] ^= column[i] & mask;
  }
}

void ToeplitzConditioner::condition(Bytes samples, std::span<std::uint8_t, kBlockBytes> block) noexcept {
  condition::must_be_exact(samples, samples_);
  Sum sum{};
  std::size_t at = 0;
  while (!samples.empty()) {
    const Bytes group = samples.first(std::min<std::size_t>(samples.size(), kBits));
    std::uint64_t packed = pack(group, sample_bits_);
    for (std::size_t bits = 0; bits < group.size() * sample_bits_; bits += kBits) {
      add(sum, at++, static_cast<std::uint8_t>(packed));
      packed >>= kBits;
    }
    samples = samples.subspan(group.size());
  }
  std::memcpy(block.data(), sum.data(), kBlockBytes);
  wipe({reinterpret_cast<std::uint8_t*>(sum.data()), kBlockBytes});
}

}  // namespace

std::size_t toeplitz_seed_bytes(unsigned sample_bits, MinEntropy per_sample) noexcept {
  const std::size_t m = input_bits(sample_bits, per_sample);
  return m == 0 ? 0 : (m + kBlockBits - 1 + kBits - 1) / kBits;
}

Result<std::unique_ptr<Conditioner>> make_toeplitz_conditioner(unsigned sample_bits, MinEntropy per_sample, Bytes seed) {
  const std::size_t wanted = toeplitz_seed_bytes(sample_bits, per_sample);
  if (wanted == 0 || seed.size() != wanted) return fail(Error::out_of_range);
  return std::unique_ptr<Conditioner>(std::make_unique<ToeplitzConditioner>(sample_bits, per_sample, seed));
}

}  // namespace qeaas
