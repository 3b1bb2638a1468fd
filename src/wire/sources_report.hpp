// SPDX-License-Identifier: GPL-3.0-or-later
// The content of /sources, /v1/sources and /health: what each source is, how it does, and its ledger. One set of names for JSON and
// CBOR (docs/protocol.md). Not on the hot path: these allocate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/provenance.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace qeaas {

// LedgerReport is the account of one source since the server started; counts only grow.
struct LedgerReport {
  std::uint64_t assessed_bits_in = 0;       // min-entropy credited to samples that passed, rounded down
  std::uint64_t full_entropy_bits_out = 0;  // never more than assessed_bits_in
  std::uint64_t served_bits = 0;            // of those, given to a client
  std::uint64_t dropped_samples = 0;
  friend bool operator==(const LedgerReport&, const LedgerReport&) = default;
};

struct SourceReport {
  std::string id;
  SourceKind kind = SourceKind::physical;
  bool conditioned = false;
  SourceState state = SourceState::starting;
  std::string last_failure;  // empty: none so far
  unsigned sample_bits = 8;
  MinEntropy min_entropy;                   // claimed, of one sample; "min_entropy_microbits"
  std::string claim;                        // where the claim comes from
  std::string conditioner;                  // "sha256", "toeplitz"
  std::uint64_t rate_bytes_per_second = 0;  // full-entropy output, recently
  LedgerReport ledger;
  std::uint64_t intermittent_failures = 0;
  std::uint64_t permanent_failures = 0;
  std::uint64_t restarts = 0;  // times it was gone and came back
  friend bool operator==(const SourceReport&, const SourceReport&) = default;
};

struct SourcesReport {
  std::string version;
  std::vector<EntropyType> types;  // what can be asked for now
  std::uint64_t min_sources = 1;
  std::uint64_t healthy = 0;
  std::vector<SourceReport> sources;
  friend bool operator==(const SourcesReport&, const SourcesReport&) = default;
};

enum class HealthStatus : std::uint8_t {
  ok,        // every source is healthy
  degraded,  // some are not, and enough are
  failed,    // fewer than min_sources are healthy
};
std::string_view name(HealthStatus status) noexcept;

struct HealthReport {
  HealthStatus status = HealthStatus::failed;
  std::uint64_t healthy = 0;
  std::uint64_t total = 0;
  friend bool operator==(const HealthReport&, const HealthReport&) = default;
};

// Encoders. Error: malformed when a text is no UTF-8.
Result<std::string> to_json(const SourcesReport& report);
Result<std::vector<std::uint8_t>> to_cbor(const SourcesReport& report);
Result<std::string> to_json(const HealthReport& report);
Result<std::vector<std::uint8_t>> to_cbor(const HealthReport& report);

// Decoders: names that are not ours are skipped, so that a newer server can be read. Errors: malformed, unknown (a kind, state or
// type), unsupported, too_large (beyond kMaxReportBytes).
inline constexpr std::size_t kMaxReportBytes = 1 << 18;
Result<SourcesReport> sources_report_from_json(Bytes text);
Result<SourcesReport> sources_report_from_cbor(Bytes encoded);
Result<HealthReport> health_report_from_json(Bytes text);
Result<HealthReport> health_report_from_cbor(Bytes encoded);

}  // namespace qeaas
