// SPDX-License-Identifier: GPL-3.0-or-later
// The ledger of one source. Published figures are written in the order in, spent, out and read in the opposite order, so that no
// snapshot shows output that its input has not paid for.
#include "condition/ledger.hpp"

#include <limits>

namespace qeaas {

Ledger::Amount Ledger::Amount::of(MinEntropy once) noexcept { return {once.whole_bits(), once.microbits() % kMicrobitsPerBit}; }

Ledger::Amount Ledger::Amount::of(MinEntropy each, std::uint64_t times) noexcept {
  const std::uint64_t fractions = each.microbits() % kMicrobitsPerBit * times;
  return {each.whole_bits() * times + fractions / kMicrobitsPerBit, fractions % kMicrobitsPerBit};
}

Ledger::Amount& Ledger::Amount::operator+=(const Amount& other) noexcept {
  bits += other.bits;
  microbits += other.microbits;
  if (microbits < kMicrobitsPerBit) return *this;
  microbits -= kMicrobitsPerBit;
  ++bits;
  return *this;
}

Ledger::Amount& Ledger::Amount::operator-=(const Amount& other) noexcept {
  if (microbits < other.microbits) {
    microbits += kMicrobitsPerBit;
    --bits;
  }
  bits -= other.bits;
  microbits -= other.microbits;
  return *this;
}

void Ledger::credit(MinEntropy per_sample, std::uint64_t samples) noexcept {
  const auto amount = Amount::of(per_sample, samples);
  balance_ += amount;
  assessed_in_ += amount;
  assessed_in_bits_.store(assessed_in_.bits, std::memory_order_release);
}

void Ledger::drop(MinEntropy per_sample, std::uint64_t samples) noexcept {
  dropped_ += Amount::of(per_sample, samples);
  dropped_bits_.store(dropped_.bits, std::memory_order_release);
}

Status Ledger::debit(MinEntropy consumed, MinEntropy full_out) noexcept {
  if (full_out > consumed) return fail(Error::out_of_range);
  const auto amount = Amount::of(consumed);
  if (amount > balance_) return fail(Error::starved);
  balance_ -= amount;
  consumed_ += amount;
  full_out_ += Amount::of(full_out);
  consumed_bits_.store(consumed_.bits, std::memory_order_release);
  full_out_bits_.store(full_out_.bits, std::memory_order_release);
  return {};
}

void Ledger::discard_balance() noexcept {
  discarded_ += balance_;
  balance_ = {};
  discarded_bits_.store(discarded_.bits, std::memory_order_release);
}

MinEntropy Ledger::balance() const noexcept {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  if (balance_.bits >= kMost / kMicrobitsPerBit) return MinEntropy::from_microbits(kMost);
  return MinEntropy::from_whole_bits(balance_.bits) + MinEntropy::from_microbits(balance_.microbits);
}

LedgerEntry Ledger::snapshot() const noexcept {
  LedgerEntry entry;
  entry.dropped_bits = dropped_bits_.load(std::memory_order_acquire);
  entry.full_out_bits = full_out_bits_.load(std::memory_order_acquire);
  // Spending and discarding draw on one balance: read both before the input that covers them.
  entry.consumed_bits = consumed_bits_.load(std::memory_order_acquire);
  entry.discarded_bits = discarded_bits_.load(std::memory_order_acquire);
  entry.assessed_in_bits = assessed_in_bits_.load(std::memory_order_acquire);
  return entry;
}

}  // namespace qeaas
