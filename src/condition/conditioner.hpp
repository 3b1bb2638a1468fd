// SPDX-License-Identifier: GPL-3.0-or-later
// The conditioning stage: samples that passed their health tests in, full-entropy blocks out. Stateless after construction,
// so that the accounting is a property of sizes alone: samples_per_block samples are assessed at no less than needed().
#pragma once

#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace qeaas {

class Conditioner {
 public:
  Conditioner() = default;
  Conditioner(const Conditioner&) = delete;
  Conditioner& operator=(const Conditioner&) = delete;
  virtual ~Conditioner() = default;

  // name is "sha256" or "toeplitz"; basis says in one sentence what the full-entropy claim rests on.
  virtual std::string_view name() const noexcept = 0;
  virtual std::string_view basis() const noexcept = 0;
  // needed is the assessed min-entropy that one block of kBlockBytes output consumes.
  virtual MinEntropy needed() const noexcept = 0;
  // samples_per_block is how many samples of a source give that much, rounded up.
  virtual std::size_t samples_per_block() const noexcept = 0;
  // condition turns exactly samples_per_block samples into one full-entropy block; any other number ends the process. The caller
  // passes only samples that their health tests passed, each once, after Ledger::debit has paid for the block.
  virtual void condition(Bytes samples, std::span<std::uint8_t, kBlockBytes> block) noexcept = 0;
};

// make_sha256_conditioner: SP 800-90C, vetted: n + 64 bits of min-entropy in, n bits out. Any H above 0; with H = 0 no number of
// samples is enough, and samples_per_block says so.
std::unique_ptr<Conditioner> make_sha256_conditioner(MinEntropy per_sample);

// make_toeplitz_conditioner: 2-universal hashing with the leftover-hash bound n <= H - 2 log2(1/eps), eps = 2^-64. The seed must be
// toeplitz_seed_bytes(...) uniformly random bytes, chosen independently of the source; it is kept, and need not stay secret.
// Errors: out_of_range when the seed has another size, when sample_bits is not 1 to 8, H not above 0 or above sample_bits, or a block
// would take more than 2^24 input bits. In the last three cases toeplitz_seed_bytes is 0.
Result<std::unique_ptr<Conditioner>> make_toeplitz_conditioner(unsigned sample_bits, MinEntropy per_sample, Bytes seed);
std::size_t toeplitz_seed_bytes(unsigned sample_bits, MinEntropy per_sample) noexcept;

}  // namespace qeaas
