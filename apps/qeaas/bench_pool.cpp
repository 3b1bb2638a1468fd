// SPDX-License-Identifier: GPL-3.0-or-later
// The pool, by itself.
#include "bench_pool.hpp"

#include <algorithm>
#include <array>

#include "crypto/random.hpp"
#include "pool/pool.hpp"

namespace qeaas::cli {
namespace {

constexpr std::array<std::size_t, 5> kSizes{16, 32, 64, 128, 256};
constexpr std::size_t kMaxCalls = std::size_t{1} << 20;

template <class Call>
Clock::duration time_of(std::size_t calls, const Call& call) {
  const auto start = Clock::now();
  for (std::size_t i = 0; i < calls; ++i) call();
  return Clock::now() - start;
}

// calls_of takes the shortest of three times, so that an interruption does not pass for a long call.
template <class Call>
std::size_t calls_of(const Call& call) {
  std::size_t calls = 1;
  while (calls < kMaxCalls && std::min({time_of(calls, call), time_of(calls, call), time_of(calls, call)}) < kLeastSample) calls *= 2;
  return calls;
}

BenchRun run_of(const BenchTarget& target, std::string_view name, std::size_t size, std::size_t calls) {
  BenchRun run;
  run.measure = name;
  run.numbers = {{"bytes", size}, {"calls_per_sample", calls}};
  run.columns = {{"ns", BenchColumn::Kind::nanoseconds, "call"}};
  run.requested = target.count;
  return run;
}

template <class Call>
void measure(const BenchTarget& target, BenchBook& book, std::string_view name, std::size_t size, const Call& call) {
  const auto calls = calls_of(call);
  book.begin(run_of(target, name, size, calls));
  for (std::size_t i = 0; i < target.warmup; ++i) time_of(calls, call);
  for (std::size_t i = 0; i < target.count && !book.stopped(); ++i)
    book.add({std::chrono::duration<double, std::nano>(time_of(calls, call)).count() / static_cast<double>(calls)});
}

}  // namespace

void measure_pool(const BenchTarget& target, BenchBook& book) {
  Secret<kSizes.back()> data;
  if (!seed_bytes(data.span())) {
    book.begin(run_of(target, "inject", kSizes.front(), 0));
    return book.fail("the system gives no random bytes to inject");
  }
  Secret<kSizes.back()> out;
  EntropyPool pool;
  pool.add(data.span(), kPoolStateBits);
  for (const auto size : kSizes)
    measure(target, book, "inject", size, [&] { pool.add(Bytes(data.span()).first(size), static_cast<unsigned>(8 * size)); });
  for (const auto size : kSizes)
    measure(target, book, "extract", size, [&] { static_cast<void>(pool.extract(MutableBytes(out.span()).first(size))); });
}

}  // namespace qeaas::cli
