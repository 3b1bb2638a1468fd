// SPDX-License-Identifier: GPL-3.0-or-later
// BasicSource: what every source shares, which is what it states about itself and how it is interrupted.
#pragma once

#include <string>
#include <utility>

#include "source/interrupter.hpp"
#include "source/source.hpp"

namespace qeaas {

// A vendor-conditioned source cannot be assessed from outside: its bytes look perfect whatever the noise behind them does. Half of
// each bit is credited, so that the conditioner always takes in twice what it gives out.
inline constexpr MinEntropy kConditionedByte = MinEntropy::from_whole_bits(4);

class BasicSource : public Source {
 public:
  const SourceInfo& info() const noexcept final { return info_; }
  void interrupt() noexcept override { interrupter_.interrupt(); }

 protected:
  explicit BasicSource(SourceInfo info) noexcept : info_(std::move(info)) {}

  std::string label() const { return "source '" + info_.tag.id + "'"; }
  // may_open refuses a source that was interrupted, or whose waits nobody could end.
  Outcome<void> may_open() const {
    const auto state = interrupter_.ready();
    if (state) return {};
    if (state.error() == Error::closed) return fault(Error::closed, label() + " was stopped and opens no more");
    return fault(state.error(), label() + ": the system has no file descriptor left; raise the limit (ulimit -n)");
  }
  // system_fault explains an errno of the operating system; advice is appended when not empty.
  tl::unexpected<Fault> system_fault(int number, const std::string& what, const std::string& advice = {}) const;

  SourceInfo info_;
  Interrupter interrupter_;
};

// keep_low_bits clears the bits above sample_bits, so that every sample is in its range whatever a device delivers.
void keep_low_bits(MutableBytes samples, unsigned sample_bits) noexcept;

}  // namespace qeaas
