// SPDX-License-Identifier: GPL-3.0-or-later
// The operating system's generator as a source.
#include "source/os_source.hpp"

#include "source/basic_source.hpp"

namespace qeaas {
namespace {

class OsSource final : public BasicSource {
 public:
  OsSource(std::string id, std::optional<MinEntropy> per_sample, SeedFunction generator)
      : BasicSource({.tag = {std::move(id), SourceKind::os, true},
                     .sample_bits = 8,
                     .per_sample = per_sample.value_or(kConditionedByte),
                     .claim = "the kernel's generator by getrandom; computational, no noise source, and never counted"}),
        generator_(generator) {}

  Outcome<void> open() noexcept override { return may_open(); }
  Status read(MutableBytes samples) noexcept override {
    if (interrupter_.interrupted()) return fail(Error::closed);
    if (!generator_(samples)) return fail(Error::source_gone);
    return {};
  }
  void close() noexcept override {}

 private:
  SeedFunction generator_;
};

}  // namespace

std::unique_ptr<Source> make_os_source(std::string id, std::optional<MinEntropy> per_sample, SeedFunction generator) {
  return std::make_unique<OsSource>(std::move(id), per_sample, generator);
}

}  // namespace qeaas
