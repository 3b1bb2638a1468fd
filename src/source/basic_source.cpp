// SPDX-License-Identifier: GPL-3.0-or-later
// What every source shares.
#include "source/basic_source.hpp"

#include <system_error>

namespace qeaas {

tl::unexpected<Fault> BasicSource::system_fault(int number, const std::string& what, const std::string& advice) const {
  std::string text = label() + ": " + what + ": " + std::generic_category().message(number);
  if (!advice.empty()) text += "; " + advice;
  return fault(from_errno(number), std::move(text));
}

void keep_low_bits(MutableBytes samples, unsigned sample_bits) noexcept {
  if (sample_bits >= 8) return;
  const auto mask = static_cast<std::uint8_t>((1U << sample_bits) - 1);
  for (auto& sample : samples) sample &= mask;
}

}  // namespace qeaas
