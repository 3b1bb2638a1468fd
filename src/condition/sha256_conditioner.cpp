// SPDX-License-Identifier: GPL-3.0-or-later
// The default conditioner: SHA-256, a vetted conditioning component (SP 800-90B 3.1.5.1.1), with n + 64 bits of assessed
// min-entropy in for n = 256 bits out (SP 800-90C). Samples are hashed one a byte, as they come.
#include "condition/conditioner.hpp"
#include "condition/contract.hpp"
#include "crypto/hash.hpp"

namespace qeaas {
namespace {

class Sha256Conditioner final : public Conditioner {
 public:
  explicit Sha256Conditioner(MinEntropy per_sample) noexcept : samples_(condition::samples_for(kNeeded, per_sample)) {}

  std::string_view name() const noexcept override { return "sha256"; }
  std::string_view basis() const noexcept override {
    return "SHA-256 as a vetted conditioning component: 320 bits of assessed min-entropy in, 256 full-entropy bits out (SP 800-90C)";
  }
  MinEntropy needed() const noexcept override { return kNeeded; }
  std::size_t samples_per_block() const noexcept override { return samples_; }
  void condition(Bytes samples, std::span<std::uint8_t, kBlockBytes> block) noexcept override {
    condition::must_be_exact(samples, samples_);
    hash_.update(samples).finish(block);
  }

 private:
  static_assert(kBlockBytes == kSha256Bytes);
  static constexpr MinEntropy kNeeded = MinEntropy::from_whole_bits(kBlockBits + 64);

  std::size_t samples_;
  Sha256 hash_;
};

}  // namespace

std::unique_ptr<Conditioner> make_sha256_conditioner(MinEntropy per_sample) { return std::make_unique<Sha256Conditioner>(per_sample); }

}  // namespace qeaas
