// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a site whose draws count upwards, fail when told to, and are limited to what is ready.
#pragma once

#include <vector>

#include "local/site.hpp"

namespace qeaas::local::test {

using Buffer = std::vector<std::uint8_t>;

class CountingDraw final : public Draw {
 public:
  std::optional<Error> failure;
  std::size_t ready_blocks = 1 << 20;
  std::chrono::seconds retry{7};
  std::vector<EntropyType> types;  // of every draw that was tried
  std::uint8_t next = 1;
  SourceTag tag{"lamp", SourceKind::quantum, false};

  Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept override {
    types.push_back(type);
    provenance.reset(type);
    const auto blocks = (out.size() + 31) / 32;
    wipe(out);
    if (failure) return fail(*failure);
    if (blocks > ready_blocks) return fail(Error::starved);
    ready_blocks -= blocks;
    for (auto& byte : out) byte = next++;
    provenance.add(tag);
    return {};
  }
  std::chrono::seconds retry_after() const noexcept override { return retry; }
};

class CountingGate final : public Gate {
 public:
  access::Decision decision;
  std::int64_t taken = 0;
  uid_t asked_for = 0;
  access::Decision admit(const Peer& peer, std::size_t bytes, TimePoint /*now*/) noexcept override {
    asked_for = peer.uid;
    if (decision) taken += static_cast<std::int64_t>(bytes);
    return decision;
  }
  void give_back(const Peer& /*peer*/, std::size_t bytes) noexcept override { taken -= static_cast<std::int64_t>(bytes); }
};

struct TestSite {
  CountingDraw draw;
  CountingGate gate;
  Counters counters;
  Buffer mixed_in;
  Site site{draw, gate, [this] { return draw.failure ? std::size_t{0} : draw.ready_blocks; },
            [this](Bytes bytes) { mixed_in.insert(mixed_in.end(), bytes.begin(), bytes.end()); }, counters};
};

}  // namespace qeaas::local::test
