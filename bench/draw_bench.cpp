// SPDX-License-Identifier: GPL-3.0-or-later
// What a draw costs: a worker's Tap over a source that is never the bottleneck, in requests of 32 bytes (drawn from a full reservoir)
// and of 64 KiB, beside getrandom(2) and our Hash_DRBG alone. Sustained: direct as fast as a source, its tests and its conditioning
// can refill. Rdseed: the instruction's own rate through our source.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstring>
#include <sys/random.h>
#include <vector>

#include "service/service.hpp"
#include "source/rdseed_source.hpp"

namespace {

using namespace qeaas;

// FastSource gives 8-bit samples from a generator of a few instructions (splitmix64). Nothing but a benchmark may use it.
class FastSource final : public Source {
 public:
  const SourceInfo& info() const noexcept override { return info_; }
  Outcome<void> open() noexcept override { return {}; }
  Status read(MutableBytes samples) noexcept override {
    if (interrupted_) return fail(Error::closed);
    for (std::size_t at = 0; at < samples.size(); at += sizeof(std::uint64_t)) {
      const auto value = next();
      std::memcpy(samples.data() + at, &value, std::min(sizeof(value), samples.size() - at));
    }
    return {};
  }
  void close() noexcept override {}
  void interrupt() noexcept override { interrupted_ = true; }

 private:
  std::uint64_t next() noexcept {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
    return mixed ^ mixed >> 31;
  }
  SourceInfo info_{{"fast", SourceKind::physical, false}, 8, MinEntropy::from_whole_bits(7), "a benchmark"};
  std::atomic<bool> interrupted_{false};
  std::uint64_t state_ = 1;
};

Service& service() {
  static const auto one = [] {
    std::vector<SourceSetup> sources;
    sources.push_back({std::make_unique<FastSource>(), false});
    auto made = Service::create(ServiceOptions{}, std::move(sources)).value();
    static_cast<void>(made->start());
    made->wait_ready(std::chrono::seconds(10));
    return made;
  }();
  return *one;
}

// draw counts CPU time of the drawing thread; a draw that finds the reservoir empty waits outside of the count.
void draw(benchmark::State& state, EntropyType type) {
  auto& tap = service().tap(0);
  std::vector<std::uint8_t> out(static_cast<std::size_t>(state.range(0)));
  Provenance provenance;
  std::int64_t refused = 0;
  for (auto _ : state) {
    while (!tap.fill(out, type, provenance)) {
      state.PauseTiming();
      service().wait_until(std::chrono::milliseconds(1), [] { return false; });
      ++refused;
      state.ResumeTiming();
    }
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.counters["refused"] = static_cast<double>(refused);
}

// sustained counts wall time: the whole way from samples to answers.
void sustained(benchmark::State& state) {
  auto& tap = service().tap(0);
  std::vector<std::uint8_t> out(4096);
  Provenance provenance;
  for (auto _ : state)
    while (!tap.fill(out, EntropyType::direct, provenance)) {
    }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

void bare_drbg(benchmark::State& state) {
  HashDrbg drbg;
  std::array<std::uint8_t, 48> seed{};
  static_cast<void>(os_seed(seed));
  static_cast<void>(drbg.instantiate(Bytes(seed).first(32), Bytes(seed).last(16)));
  std::vector<std::uint8_t> out(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) static_cast<void>(drbg.generate(out));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void kernel(benchmark::State& state) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(::getrandom(out.data(), out.size(), 0));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void rdseed(benchmark::State& state) {
  const auto source = make_rdseed_source("rdseed");
  if (!source->open()) return state.SkipWithError("this machine has no RDSEED");
  std::vector<std::uint8_t> samples(4096);
  for (auto _ : state)
    if (!source->read(samples)) return state.SkipWithError("RDSEED gave nothing");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(samples.size()));
}

BENCHMARK_CAPTURE(draw, direct, EntropyType::direct)->Arg(32)->Arg(4096);
BENCHMARK_CAPTURE(draw, mixed, EntropyType::mixed)->Arg(32)->Arg(4096);
BENCHMARK_CAPTURE(draw, drbg, EntropyType::drbg)->Arg(32)->Arg(4096)->Arg(65536);
BENCHMARK(sustained)->UseRealTime();
BENCHMARK(bare_drbg)->Arg(32)->Arg(4096)->Arg(65536);
BENCHMARK(kernel)->Arg(32)->Arg(4096)->Arg(65536);
BENCHMARK(rdseed);

}  // namespace

BENCHMARK_MAIN();
