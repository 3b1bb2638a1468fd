// SPDX-License-Identifier: GPL-3.0-or-later
// The one interface of every noise source: the first stage of the stream. A source belongs to one thread (its pump), which alone
// calls open, read and close; interrupt may come from any thread.
#pragma once

#include "base/error.hpp"
#include "base/provenance.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace qeaas {

// SourceInfo is what a source states about itself. It is fixed once open has succeeded for the first time.
struct SourceInfo {
  SourceTag tag;
  unsigned sample_bits = 8;  // 1 to 8; a sample is one byte whose upper bits are zero
  MinEntropy per_sample;     // claimed min-entropy of one sample; the health tests' cutoffs follow from it
  std::string claim;         // where the claim comes from, one sentence for a person
};

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  virtual const SourceInfo& info() const noexcept = 0;
  // open connects to the device. A failure says which device and what to do; the pump tries again with back-off.
  virtual Outcome<void> open() noexcept = 0;
  // read fills all of samples, one sample a byte. Errors: source_gone (open it again), timeout, closed (interrupted).
  // On an error the content of samples is unspecified and must not be used.
  virtual Status read(MutableBytes samples) noexcept = 0;
  virtual void close() noexcept = 0;
  // interrupt makes a read that waits, and every later one, return Error::closed soon.
  virtual void interrupt() noexcept = 0;
};

}  // namespace qeaas
