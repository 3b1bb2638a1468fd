// SPDX-License-Identifier: GPL-3.0-or-later
// SourceSpec: one source as a configuration words it, and the factory that turns it into a Source or says which key is wrong.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/photon_counts.hpp"
#include "source/photon_fault.hpp"
#include "source/source.hpp"

namespace qeaas {

enum class SourceType : std::uint8_t { device, rdseed, jitter, os, process, remote, photon, replay };
std::string_view name(SourceType type) noexcept;
std::optional<SourceType> source_type(std::string_view text) noexcept;

// SourceSpec: an empty field was not given. A field that does not belong to the type is an error, so that no key is silently ignored.
struct SourceSpec {
  std::string id{};  // [a-z0-9_-]{1,31}
  SourceType type = SourceType::rdseed;
  std::string path{};                                  // device, replay
  std::vector<std::string> argv{};                     // process
  std::string url{};                                   // remote
  std::string entropy_type{};                          // remote
  std::string ca_file{};                               // remote
  std::string token_file{};                            // remote
  std::optional<bool> trust_far_end{};                 // remote: kind is what the far end is
  std::optional<std::chrono::milliseconds> timeout{};  // device, process, remote; 1 ms to 5 min
  std::optional<SourceKind> kind{};                    // device, process, remote
  std::optional<unsigned> sample_bits{};               // device, process, replay 1 to 8; photon 1 to 4
  std::optional<double> min_entropy{};                 // bits per sample
  std::optional<bool> conditioned{};                   // device, process
  std::optional<PhotonFault> fault{};                  // photon
  std::optional<double> mean_counts{};                 // photon, per time bin
  std::optional<double> dark_counts{};                 // photon, per time bin
  std::optional<double> dead_time{};                   // photon, a fraction of the bin
  std::optional<std::uint64_t> seed{};                 // photon
  std::optional<bool> loop{};                          // replay
};

// make_source checks the spec and makes the source; nothing is opened. The fault's text begins with the source's id and names the
// key. Errors: malformed (id), refused (a key or kind that the type does not allow), out_of_range.
Outcome<std::unique_ptr<Source>> make_source(const SourceSpec& spec);

}  // namespace qeaas
