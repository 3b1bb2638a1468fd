// SPDX-License-Identifier: GPL-3.0-or-later
// What health tests and conditioning cost beside the bare hash: 8-bit samples, blocks of 4,096, wolfCrypt's SHA-256.
//   BareHash          one wc_Sha256 message per conditioned block, over the same samples
//   BareHashStream    the same samples as one long message: no rounding to the hash's 64-byte blocks, hence the lower bound
//   Health            the tests alone
//   HealthCondition   tests and conditioning, as a pump runs them. Its counters ratio and ratio_to_stream are bare time over this
//                     time, all measured in turns within the same run; the goal for ratio is 0.75
//   Toeplitz          the other conditioner, alone
//   RawWindow         counting for /v1/statistics, every block looked at. A pump looks at one window each quarter of a second at most;
//                     its counter cpu_share is what that takes of one processor, however fast the source is
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <vector>

#include "condition/conditioner.hpp"
#include "condition/ledger.hpp"
#include "crypto/hash.hpp"
#include "health/monitor.hpp"
#include "service/raw_statistics.hpp"

namespace {

using namespace qeaas;

constexpr std::size_t kBlockSamples = 4096;
constexpr std::size_t kBlocks = 64;

// Good samples of 8 bits with a min-entropy of exactly h bits: 2^h values, equally likely, spread over the byte.
std::vector<std::uint8_t> good_samples(unsigned h) {
  std::mt19937_64 generator(h);
  std::vector<std::uint8_t> samples(kBlockSamples * kBlocks);
  for (auto& sample : samples) sample = static_cast<std::uint8_t>((generator() >> (64 - h)) * 37);
  return samples;
}

class Bench {
 public:
  explicit Bench(unsigned h)
      : per_sample_(MinEntropy::from_whole_bits(h)),
        samples_(good_samples(h)),
        monitor_(8, per_sample_),
        conditioner_(make_sha256_conditioner(per_sample_)) {
    monitor_.examine(next());
  }

  Bytes next() {
    at_ = (at_ + 1) % kBlocks;
    if (at_ == 0) monitor_.restart();  // the samples begin again, and the repeat test would say so
    return Bytes(samples_).subspan(at_ * kBlockSamples, kBlockSamples);
  }
  void bare_hash(Bytes block) {
    const std::size_t step = conditioner_->samples_per_block();
    for (; block.size() >= step; block = block.subspan(step)) hash_.update(block.first(step)).finish(digest_);
    benchmark::DoNotOptimize(digest_);
  }
  void bare_stream(Bytes block) {
    hash_.update(block).finish(digest_);
    benchmark::DoNotOptimize(digest_);
  }
  void health(Bytes block) { benchmark::DoNotOptimize(verdict_ = monitor_.examine(block)); }
  void health_condition(Bytes block) {
    health(block);
    if (verdict_ == Verdict::use) ledger_.credit(per_sample_, block.size());
    const std::size_t step = conditioner_->samples_per_block();
    for (; block.size() >= step; block = block.subspan(step)) {
      if (!ledger_.debit(conditioner_->needed(), MinEntropy::from_whole_bits(kBlockBits))) continue;
      conditioner_->condition(block.first(step), digest_);
      benchmark::DoNotOptimize(digest_);
    }
  }

 private:
  MinEntropy per_sample_;
  std::vector<std::uint8_t> samples_;
  HealthMonitor monitor_;
  std::unique_ptr<Conditioner> conditioner_;
  Ledger ledger_;
  Sha256 hash_;
  std::array<std::uint8_t, kBlockBytes> digest_{};
  Verdict verdict_ = Verdict::drop;
  std::size_t at_ = 0;
};

void finish(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kBlockSamples)); }

template <auto Step>
void measure(benchmark::State& state) {
  Bench bench(static_cast<unsigned>(state.range(0)));
  for (auto _ : state) (bench.*Step)(bench.next());
  finish(state);
}

template <class Work>
double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

// Every third turn is tests and conditioning; the two kinds of bare hash take the others, so that the machine's clock and its
// other work touch all three alike. The ratios are of medians.
void health_condition(benchmark::State& state) {
  Bench bench(static_cast<unsigned>(state.range(0)));
  std::vector<double> bare, stream, both;
  for (auto _ : state) {
    const Bytes block = bench.next();
    both.push_back(seconds([&] { bench.health_condition(block); }));
    state.SetIterationTime(both.back());
    bare.push_back(seconds([&] { bench.bare_hash(block); }));
    stream.push_back(seconds([&] { bench.bare_stream(block); }));
  }
  finish(state);
  const double time = median(both);
  state.counters["ratio"] = median(bare) / time;
  state.counters["ratio_to_stream"] = median(stream) / time;
}

void toeplitz(benchmark::State& state) {
  const auto per_sample = MinEntropy::from_whole_bits(static_cast<std::uint64_t>(state.range(0)));
  const std::vector<std::uint8_t> seed(toeplitz_seed_bytes(8, per_sample), 0x5a);
  const auto conditioner = make_toeplitz_conditioner(8, per_sample, seed);
  if (!conditioner) return state.SkipWithError("the seed has the wrong size");
  const std::size_t step = (*conditioner)->samples_per_block();
  const auto samples = good_samples(static_cast<unsigned>(state.range(0)));
  std::array<std::uint8_t, kBlockBytes> block;
  for (auto _ : state) {
    (*conditioner)->condition(Bytes(samples).first(step), block);
    benchmark::DoNotOptimize(block);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(step));
}

// One iteration is one window, in reads of kBlockSamples.
void raw_window(benchmark::State& state) {
  const auto samples = good_samples(static_cast<unsigned>(state.range(0)));
  RawWindow window(8, 1);
  TimePoint now{};
  std::vector<double> windows;
  for (auto _ : state) {
    windows.push_back(seconds([&] {
      for (std::size_t at = 0; !window.count(Bytes(samples).subspan(at * kBlockSamples, kBlockSamples), now); ++at) continue;
    }));
    now += RawWindow::kPace;
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(RawWindow::kLeastSamples));
  state.counters["cpu_share"] = median(windows) / std::chrono::duration<double>(RawWindow::kPace).count();
}

BENCHMARK(measure<&Bench::bare_hash>)->Name("BareHash")->DenseRange(4, 8, 2);
BENCHMARK(measure<&Bench::bare_stream>)->Name("BareHashStream")->Arg(8);
BENCHMARK(measure<&Bench::health>)->Name("Health")->DenseRange(4, 8, 2);
BENCHMARK(health_condition)->Name("HealthCondition")->DenseRange(4, 8, 1)->UseManualTime();
BENCHMARK(toeplitz)->Name("Toeplitz")->DenseRange(4, 8, 4);
BENCHMARK(raw_window)->Name("RawWindow")->DenseRange(4, 8, 4);

}  // namespace

BENCHMARK_MAIN();
