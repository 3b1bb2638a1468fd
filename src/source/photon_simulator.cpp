// SPDX-License-Identifier: GPL-3.0-or-later
// The photon simulator and its faults.
#include "source/photon_simulator.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "crypto/random.hpp"

namespace qeaas {
namespace {

constexpr unsigned kMaxPhotonBits = 4;
constexpr double kMargin = 0.99;  // of the exact min-entropy, for the rounding of the tables
constexpr double kSteps = 1000;   // claims are rounded down to a thousandth of a bit
constexpr std::uint64_t kFadeSamples = 1024;
constexpr std::chrono::milliseconds kSlice = 100ms;  // a fault that was switched meanwhile is seen after this

Outcome<void> check_model(const PhotonSettings& settings) {
  const auto& model = settings.model;
  const auto inside = [](double value, double most) { return value >= 0 && value <= most; };
  if (!inside(model.mean_counts, kMaxMeanCounts)) return fault(Error::out_of_range, "mean_counts must be from 0 to 100 a time bin");
  if (!inside(model.dark_counts, kMaxMeanCounts)) return fault(Error::out_of_range, "dark_counts must be from 0 to 100 a time bin");
  if (!inside(model.dead_time, 1)) return fault(Error::out_of_range, "dead_time must be from 0 to 1 time bin");
  if (settings.sample_bits < 1 || settings.sample_bits > kMaxPhotonBits)
    return fault(Error::out_of_range, "sample_bits of a photon simulator must be from 1 to 4");
  return check_fault(settings.fault);
}

Outcome<MinEntropy> claim_for(const PhotonSettings& settings, double exact) {
  const auto safe = MinEntropy::from_bits(std::floor(exact * kMargin * kSteps) / kSteps);
  if (safe == MinEntropy()) return fault(Error::out_of_range, "this photon model has no min-entropy; raise mean_counts or lower dead_time");
  if (settings.per_sample && (*settings.per_sample > safe || *settings.per_sample == MinEntropy()))
    return fault(Error::out_of_range, "min_entropy must be above 0 and at most " + std::to_string(safe.bits()) + " for this photon model");
  return settings.per_sample.value_or(safe);
}

// seeded fills the whole state of the generator; a given seed makes it repeatable.
Outcome<std::mt19937_64> seeded(const std::optional<std::uint64_t>& seed) {
  if (seed) return std::mt19937_64(*seed);
  std::array<std::uint32_t, 16> words{};
  static_assert(sizeof words == 64);
  if (!os_seed({reinterpret_cast<std::uint8_t*>(words.data()), sizeof words}))
    return fault(Error::io, "the operating system gave no seed; set seed");
  std::seed_seq sequence(words.begin(), words.end());
  return std::mt19937_64(sequence);
}

}  // namespace

Outcome<std::unique_ptr<PhotonSimulator>> PhotonSimulator::create(PhotonSettings settings, NamedByConfiguration) {
  const auto prefix = "source '" + settings.id + "': ";
  const auto refuse = [&](const Fault& reason) { return fault(reason.error, prefix + reason.text); };
  if (const auto checked = check_model(settings); !checked) return refuse(checked.error());
  const CountDistribution counts(settings.model);
  const auto claim = claim_for(settings, counts.low_bits_entropy(settings.sample_bits));
  if (!claim) return refuse(claim.error());
  auto generator = seeded(settings.seed);
  if (!generator) return refuse(generator.error());
  SourceInfo info{.tag = {settings.id, SourceKind::simulated, false},
                  .sample_bits = settings.sample_bits,
                  .per_sample = *claim,
                  .claim =
                      "a simulation by a pseudo-random generator, no real noise; the min-entropy is that of the simulated counts' low "
                      "bits, computed from their exact distribution"};
  std::unique_ptr<PhotonSimulator> simulator(new PhotonSimulator(std::move(settings), std::move(info), counts));
  simulator->generator_ = *generator;
  return simulator;
}

PhotonSimulator::PhotonSimulator(const PhotonSettings& settings, SourceInfo info, const CountDistribution& counts) noexcept
    : BasicSource(std::move(info)), model_(settings.model), counts_(counts), history_(kHistory), fault_(settings.fault) {}

Outcome<void> PhotonSimulator::set_fault(const PhotonFault& wanted) {
  if (const auto checked = check_fault(wanted); !checked) return fault(checked.error().error, label() + ": " + checked.error().text);
  const std::lock_guard lock(mutex_);
  ordered_ = wanted;
  version_.fetch_add(1, std::memory_order_release);
  return {};
}

void PhotonSimulator::take_fault() noexcept {
  if (version_.load(std::memory_order_acquire) == seen_version_) return;
  const std::lock_guard lock(mutex_);
  seen_version_ = version_.load(std::memory_order_relaxed);
  fault_ = ordered_;
  failed_opens_ = 0;
  counts_ = CountDistribution(model_);  // a drift that ended leaves full light behind
}

Outcome<void> PhotonSimulator::open() noexcept {
  open_ = false;
  if (auto allowed = may_open(); !allowed) return allowed;
  take_fault();
  if (fault_.kind == FaultKind::vanish && produced_ >= fault_.onset_samples) {
    if (fault_.magnitude == 0 || static_cast<double>(failed_opens_++) < fault_.magnitude)
      return fault(Error::source_gone, label() + ": the simulated device has vanished (fault vanish)");
    fault_ = {};
  }
  open_ = true;
  return {};
}

Status PhotonSimulator::read(MutableBytes samples) noexcept {
  if (interrupter_.interrupted()) return fail(Error::closed);
  if (!open_) return fail(Error::source_gone);
  take_fault();
  if (fault_.kind == FaultKind::vanish && produced_ + samples.size() > fault_.onset_samples) {
    produced_ = std::max(produced_, fault_.onset_samples);  // it is gone from now on, however small the next read
    return fail(Error::source_gone);
  }
  if (fault_.kind == FaultKind::slow && produced_ >= fault_.onset_samples) {
    if (const auto held = hold_back(samples.size()); !held) return held;
  }
  for (auto& sample : samples) sample = next();
  return {};
}

Status PhotonSimulator::hold_back(std::size_t samples) noexcept {
  std::chrono::duration<double> left{static_cast<double>(samples) / fault_.magnitude};
  const auto version = seen_version_;
  while (left.count() > 0 && version == version_.load(std::memory_order_acquire)) {
    const auto slice = std::min(left, std::chrono::duration<double>(kSlice));
    const auto pause = std::chrono::duration_cast<std::chrono::nanoseconds>(slice);
    if (const auto waited = interrupter_.wait_until(Clock::now() + pause); !waited) return waited;
    waited_ += pause;
    left -= slice;
  }
  return {};
}

void PhotonSimulator::fade(std::uint64_t index) noexcept {
  const auto since = index - fault_.onset_samples;
  if (since % kFadeSamples != 0) return;
  auto faded = model_;
  const auto steps = since / kFadeSamples;
  faded.mean_counts *= std::max(0.0, 1 - fault_.magnitude * static_cast<double>(steps));
  counts_ = CountDistribution(faded);
}

std::uint8_t PhotonSimulator::next() noexcept {
  const auto index = produced_++;
  const bool faulty = fault_.kind != FaultKind::none && index >= fault_.onset_samples;
  if (faulty && fault_.kind == FaultKind::drift) fade(index);
  const auto mask = (1U << info_.sample_bits) - 1;
  auto sample = static_cast<std::uint8_t>(counts_.draw(generator_()) & mask);
  if (faulty) sample = distort(sample, index);
  history_[index % kHistory] = sample;
  return sample;
}

std::uint8_t PhotonSimulator::distort(std::uint8_t sample, std::uint64_t index) noexcept {
  switch (fault_.kind) {
    case FaultKind::stuck: return index == 0 ? sample : earlier(index, 1);
    case FaultKind::bias:
      for (unsigned bit = 0; bit < info_.sample_bits; ++bit) {
        if (happens(2 * fault_.magnitude)) sample |= static_cast<std::uint8_t>(1U << bit);
      }
      return sample;
    case FaultKind::lag: return index > 0 && happens(fault_.magnitude) ? earlier(index, 1) : sample;
    case FaultKind::period: {
      const auto by = static_cast<std::uint64_t>(fault_.magnitude);
      return index < by ? sample : earlier(index, by);
    }
    case FaultKind::none:
    case FaultKind::drift:
    case FaultKind::slow:
    case FaultKind::vanish: return sample;
  }
  return sample;
}

bool PhotonSimulator::happens(double probability) noexcept { return static_cast<double>(generator_() >> 11) * 0x1p-53 < probability; }

}  // namespace qeaas
