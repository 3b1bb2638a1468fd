// SPDX-License-Identifier: GPL-3.0-or-later
// A simulated photon-counting generator with switchable faults. Each sample is the low bits of the number of counts in one time bin
// (the parity by default): as the counts spread over many values, their low bits become nearly uniform. set_fault may come
// from any thread; the rest belongs to the source's thread. Always labelled simulated.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "source/basic_source.hpp"
#include "source/photon_counts.hpp"
#include "source/photon_fault.hpp"
#include "source/simulated.hpp"

namespace qeaas {

struct PhotonSettings {
  std::string id = "photon";
  PhotonModel model{};
  unsigned sample_bits = 1;                // 1 is the parity; up to 4
  std::optional<std::uint64_t> seed{};     // the same seed, the same samples; from the operating system when empty
  std::optional<MinEntropy> per_sample{};  // below the exact value only; that value less a margin when empty
  PhotonFault fault{};
};

class PhotonSimulator final : public BasicSource {
 public:
  // create: out_of_range for a model, width, claim or fault outside its limits.
  static Outcome<std::unique_ptr<PhotonSimulator>> create(PhotonSettings settings, NamedByConfiguration named);

  Outcome<void> open() noexcept override;
  Status read(MutableBytes samples) noexcept override;
  void close() noexcept override { open_ = false; }

  // set_fault takes effect with the next read, or within a tenth of a second in one that waits. Kind none heals.
  Outcome<void> set_fault(const PhotonFault& fault);
  // waited is how long fault slow has held samples back, in total; for tests, which do not measure time.
  std::chrono::nanoseconds waited() const noexcept { return waited_; }

 private:
  PhotonSimulator(const PhotonSettings& settings, SourceInfo info, const CountDistribution& counts) noexcept;

  void take_fault() noexcept;
  void fade(std::uint64_t index) noexcept;
  std::uint8_t next() noexcept;
  std::uint8_t distort(std::uint8_t sample, std::uint64_t index) noexcept;
  bool happens(double probability) noexcept;
  Status hold_back(std::size_t samples) noexcept;
  std::uint8_t earlier(std::uint64_t index, std::uint64_t by) const noexcept { return history_[(index - by) % kHistory]; }

  static constexpr std::size_t kHistory = 65536;

  PhotonModel model_;
  CountDistribution counts_;
  std::mt19937_64 generator_;
  std::vector<std::uint8_t> history_;
  std::uint64_t produced_ = 0;
  std::uint64_t failed_opens_ = 0;
  std::chrono::nanoseconds waited_{0};
  bool open_ = false;
  PhotonFault fault_;  // what this thread acts on
  std::uint64_t seen_version_ = 0;
  std::mutex mutex_;     // guards ordered_
  PhotonFault ordered_;  // what was asked for last
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace qeaas
