// SPDX-License-Identifier: GPL-3.0-or-later
#include "condition/ledger.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace qeaas {
namespace {

MinEntropy whole(std::uint64_t bits) { return MinEntropy::from_whole_bits(bits); }

TEST(Ledger, BooksEachKindApart) {
  Ledger ledger;
  ledger.credit(MinEntropy::from_bits(7.5), 100);
  ledger.drop(MinEntropy::from_bits(7.5), 10);
  EXPECT_EQ(ledger.balance(), whole(750));
  EXPECT_TRUE(ledger.debit(whole(320), whole(256)));
  EXPECT_EQ(ledger.balance(), whole(430));
  ledger.discard_balance();
  EXPECT_EQ(ledger.balance(), MinEntropy());
  const LedgerEntry entry = ledger.snapshot();
  EXPECT_EQ(entry.assessed_in_bits, 750U);
  EXPECT_EQ(entry.consumed_bits, 320U);
  EXPECT_EQ(entry.full_out_bits, 256U);
  EXPECT_EQ(entry.discarded_bits, 430U);
  EXPECT_EQ(entry.dropped_bits, 75U);
}

TEST(Ledger, RefusesADebt) {
  Ledger ledger;
  EXPECT_EQ(ledger.debit(whole(320), whole(256)).error(), Error::starved);
  ledger.credit(whole(319), 1);
  ledger.credit(MinEntropy::from_microbits(999'999), 1);
  EXPECT_EQ(ledger.debit(whole(320), whole(256)).error(), Error::starved);
  EXPECT_EQ(ledger.snapshot().full_out_bits, 0U);
  ledger.credit(MinEntropy::from_microbits(1), 1);
  EXPECT_TRUE(ledger.debit(whole(320), whole(256)));
  EXPECT_EQ(ledger.debit(MinEntropy::from_microbits(1), MinEntropy()).error(), Error::starved);
}

TEST(Ledger, RefusesMoreOutThanIn) {
  Ledger ledger;
  ledger.credit(whole(8), 1000);
  EXPECT_EQ(ledger.debit(whole(255), whole(256)).error(), Error::out_of_range);
  EXPECT_EQ(ledger.balance(), whole(8000));
  EXPECT_EQ(ledger.snapshot().consumed_bits, 0U);
  EXPECT_TRUE(ledger.debit(whole(256), whole(256)));
}

TEST(Ledger, CountsFarBeyond64BitsOfMicrobits) {
  Ledger ledger;
  constexpr std::uint64_t kMany = std::uint64_t{1} << 43;
  for (int i = 0; i < 100; ++i) ledger.credit(MinEntropy::from_bits(7.000001), kMany);
  // 100 * 2^43 * 7.000001, rounded down
  EXPECT_EQ(ledger.snapshot().assessed_in_bits, 6157265995154902U);
  EXPECT_EQ(ledger.balance().microbits(), ~std::uint64_t{0}) << "the balance saturates";
  EXPECT_TRUE(ledger.debit(whole(320), whole(256)));
  EXPECT_EQ(ledger.snapshot().consumed_bits, 320U);
}

// Random sequences of every operation, beside exact sums in micro-bits: never one bit more out than in.
TEST(Ledger, NeverMoreOutThanIn) {
  std::mt19937_64 generator(7);
  for (int round = 0; round < 200; ++round) {
    Ledger ledger;
    std::uint64_t in = 0, spent = 0, out = 0, thrown = 0;
    for (int step = 0; step < 500; ++step) {
      const auto amount = MinEntropy::from_microbits(generator() % 400'000'000);
      const auto output = MinEntropy::from_microbits(generator() % 400'000'000);
      switch (generator() % 8) {
        case 0:
          ledger.discard_balance();
          thrown = in - spent;
          break;
        case 1: ledger.drop(amount, generator() % 4096); break;
        case 2:
        case 3: {
          const std::uint64_t samples = generator() % 100;
          const auto each = MinEntropy::from_microbits(generator() % 8'000'001);
          ledger.credit(each, samples);
          in += each.microbits() * samples;
          break;
        }
        default: {
          const bool fits = output <= amount && amount.microbits() <= in - spent - thrown;
          ASSERT_EQ(ledger.debit(amount, output).has_value(), fits);
          if (fits) {
            spent += amount.microbits();
            out += output.microbits();
          }
        }
      }
      ASSERT_LE(out, spent);
      ASSERT_LE(spent + thrown, in);
      ASSERT_EQ(ledger.balance().microbits(), in - spent - thrown);
      const LedgerEntry entry = ledger.snapshot();
      ASSERT_EQ(entry.assessed_in_bits, in / kMicrobitsPerBit);
      ASSERT_EQ(entry.consumed_bits, spent / kMicrobitsPerBit);
      ASSERT_EQ(entry.full_out_bits, out / kMicrobitsPerBit);
      ASSERT_EQ(entry.discarded_bits, thrown / kMicrobitsPerBit);
    }
  }
}

TEST(Ledger, SnapshotsFromAnotherThreadHoldTheInvariant) {
  Ledger ledger;
  std::atomic<bool> done{false};
  std::jthread writer([&] {
    for (int i = 0; i < 100'000; ++i) {
      ledger.credit(MinEntropy::from_bits(7.9), 41);
      if (!ledger.debit(whole(320), whole(256)) || i % 16 == 0) ledger.discard_balance();
    }
    done = true;
  });
  bool finished = false;
  do {
    finished = done;
    const LedgerEntry entry = ledger.snapshot();
    ASSERT_LE(entry.full_out_bits, entry.consumed_bits);
    ASSERT_LE(entry.consumed_bits + entry.discarded_bits, entry.assessed_in_bits);
  } while (!finished);
  EXPECT_EQ(ledger.snapshot().full_out_bits, 25'600'000U);
}

}  // namespace
}  // namespace qeaas
