// SPDX-License-Identifier: GPL-3.0-or-later
// The ledger of one source: assessed bits in, full-entropy bits out, exact to the micro-bit. The pump's thread writes: it credits
// the samples of a block that passed its health tests, once, and debits before each conditioned block, so that each sample is used
// at most once and only after it passed. Any thread may read a snapshot.
//
// Invariant: full_out <= consumed, and consumed + discarded <= assessed_in. Every change goes through a method that refuses to break it.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>

#include "base/error.hpp"
#include "base/units.hpp"

namespace qeaas {

// LedgerEntry is a snapshot in whole bits, rounded down. The invariant holds within every snapshot.
struct LedgerEntry {
  std::uint64_t assessed_in_bits = 0;  // claimed min-entropy of the samples that passed their health tests
  std::uint64_t consumed_bits = 0;     // of these, spent on conditioned blocks
  std::uint64_t full_out_bits = 0;     // full-entropy output of the conditioning stage
  std::uint64_t discarded_bits = 0;    // assessed, then thrown away unused: an alarm, a restart
  std::uint64_t dropped_bits = 0;      // claimed min-entropy of samples that never counted: start-up, health failures
};

class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // credit books samples that passed, each worth per_sample; fewer than 2^44 at a time.
  void credit(MinEntropy per_sample, std::uint64_t samples) noexcept;
  // drop books samples that did not pass; they add nothing to the balance.
  void drop(MinEntropy per_sample, std::uint64_t samples) noexcept;
  // debit books one conditioning: consumed goes out of the balance and full_out becomes output. Errors, with nothing booked:
  // starved when the balance is smaller than consumed, out_of_range when full_out is above consumed.
  [[nodiscard]] Status debit(MinEntropy consumed, MinEntropy full_out) noexcept;
  // discard_balance throws away what is assessed and not consumed.
  void discard_balance() noexcept;
  // balance is what may still be consumed, for the writing thread; it saturates at the largest MinEntropy.
  MinEntropy balance() const noexcept;

  LedgerEntry snapshot() const noexcept;

 private:
  // Amount is exact like MinEntropy, but outlasts every source: 64 bits of micro-bits last five hours at 1 Gbit/s.
  struct Amount {
    std::uint64_t bits = 0;
    std::uint64_t microbits = 0;  // below kMicrobitsPerBit

    friend constexpr auto operator<=>(const Amount&, const Amount&) noexcept = default;  // NOLINT(modernize-use-nullptr)
    static Amount of(MinEntropy once) noexcept;
    static Amount of(MinEntropy each, std::uint64_t times) noexcept;
    Amount& operator+=(const Amount& other) noexcept;
    Amount& operator-=(const Amount& other) noexcept;  // other must not be larger
  };

  Amount assessed_in_;
  Amount consumed_;
  Amount full_out_;
  Amount discarded_;
  Amount dropped_;
  Amount balance_;  // assessed_in_ - consumed_ - discarded_
  std::atomic<std::uint64_t> assessed_in_bits_{0};
  std::atomic<std::uint64_t> consumed_bits_{0};
  std::atomic<std::uint64_t> full_out_bits_{0};
  std::atomic<std::uint64_t> discarded_bits_{0};
  std::atomic<std::uint64_t> dropped_bits_{0};
};

}  // namespace qeaas
