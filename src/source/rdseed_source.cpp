// SPDX-License-Identifier: GPL-3.0-or-later
// RDSEED as a source: eight samples an instruction, with a bounded number of tries.
#include "source/rdseed_source.hpp"

#include <algorithm>
#include <cstring>

#include "source/basic_source.hpp"

namespace qeaas {
namespace {

class RdseedSource final : public BasicSource {
 public:
  RdseedSource(std::string id, std::optional<MinEntropy> per_sample, RdseedUnit unit)
      : BasicSource({.tag = {std::move(id), SourceKind::physical, true},
                     .sample_bits = 8,
                     .per_sample = per_sample.value_or(kConditionedByte),
                     .claim = "the processor's RDSEED, conditioned by its vendor; it cannot be assessed from outside, so at most half of "
                              "every bit is credited"}),
        unit_(unit) {}

  Outcome<void> open() noexcept override {
    if (auto allowed = may_open(); !allowed) return allowed;
    if (unit_.supported()) return {};
    return fault(Error::unsupported, label() + ": this processor has no RDSEED; use type jitter, or a device");
  }
  Status read(MutableBytes samples) noexcept override;
  void close() noexcept override {}

 private:
  bool draw(std::uint64_t& word) noexcept {
    for (unsigned tries = 0; tries < kRdseedTries; ++tries) {
      if (unit_.step(word)) return true;
    }
    return false;
  }

  RdseedUnit unit_;
};

Status RdseedSource::read(MutableBytes samples) noexcept {
  if (!unit_.supported()) return fail(Error::source_gone);  // the instruction would be illegal
  std::uint64_t word = 0;
  Status status;
  while (!samples.empty() && status) {
    if (interrupter_.interrupted()) {
      status = fail(Error::closed);
    } else if (!draw(word)) {
      status = fail(Error::timeout);
    } else {
      const auto size = std::min(samples.size(), sizeof word);
      std::memcpy(samples.data(), &word, size);
      samples = samples.subspan(size);
    }
  }
  ::explicit_bzero(&word, sizeof word);
  return status;
}

}  // namespace

std::unique_ptr<Source> make_rdseed_source(std::string id, std::optional<MinEntropy> per_sample, RdseedUnit unit) {
  return std::make_unique<RdseedSource>(std::move(id), per_sample, unit);
}

}  // namespace qeaas
