// SPDX-License-Identifier: GPL-3.0-or-later
// fetch: any number of bytes from one server or from several at once, in rounds of at most 64 KiB, handed to a sink as they come.
// A server that fails is left out from then on; when fewer than `need` are left, the download fails. One thread a server and round.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/provenance.hpp"
#include "client/server_link.hpp"

namespace qeaas {

struct FetchPlan {
  std::uint64_t bytes = 32;
  EntropyType type = EntropyType::mixed;
  std::size_t need = 1;  // servers that must answer, 1 to all
};

// ServerAccount is what one server did for a download.
struct ServerAccount {
  LinkReport link;
  std::optional<Refusal> failure;  // why it was left out
  std::uint64_t bytes = 0;         // that went into the result
  std::vector<SourceTag> sources;  // every source that any of its answers names
  bool simulated = false;
};

struct FetchReport {
  std::vector<ServerAccount> servers;  // in the order of the links
  std::size_t combined = 0;            // servers that went into the last round
  std::uint64_t bytes = 0;             // given to the sink
  std::optional<Fault> failure;        // the download is incomplete
  bool simulated() const noexcept;
};

using FetchSink = std::function<Outcome<void>(Bytes)>;
using FetchProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// fetch: progress is called from the caller's thread only. The bytes given to the sink are valid during its call.
FetchReport fetch(std::span<const std::unique_ptr<ServerLink>> links, const FetchPlan& plan, const FetchSink& sink,
                  const FetchProgress& progress = {});

}  // namespace qeaas
