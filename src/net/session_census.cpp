// SPDX-License-Identifier: GPL-3.0-or-later
// Counters of sessions.
#include "net/session_census.hpp"

#include <algorithm>

#include "net/groups.hpp"

namespace qeaas {
namespace {

std::size_t place_of(std::string_view group_name, std::size_t last) noexcept {
  const auto group = find_group(group_name);
  if (!group) return last;
  const auto all = all_groups();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Group& one) { return one.code == group->code; });
  return std::min(last, static_cast<std::size_t>(found - all.begin()));
}

}  // namespace

std::string_view SessionCensus::name(Proof proof) noexcept {
  switch (proof) {
    case Proof::ml_dsa_44: return "ML-DSA-44";
    case Proof::ml_dsa_65: return "ML-DSA-65";
    case Proof::ml_dsa_87: return "ML-DSA-87";
    case Proof::ecdsa_p256: return "ECDSA P-256";
    case Proof::psk: return "PSK";
    case Proof::ticket: break;
  }
  return "ticket";
}

SessionCensus::Proof SessionCensus::proof_of(SignatureAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case SignatureAlgorithm::ml_dsa_44: return Proof::ml_dsa_44;
    case SignatureAlgorithm::ml_dsa_65: return Proof::ml_dsa_65;
    case SignatureAlgorithm::ml_dsa_87: return Proof::ml_dsa_87;
    case SignatureAlgorithm::ecdsa_p256: break;
  }
  return Proof::ecdsa_p256;
}

SessionCensus::Place SessionCensus::opened(Transport transport, std::string_view group, Proof proof) noexcept {
  auto& cell = cells_[index(static_cast<std::size_t>(transport), place_of(group, kGroups - 1), static_cast<std::size_t>(proof))];
  cell.completed.fetch_add(1, std::memory_order_relaxed);
  cell.open.fetch_add(1, std::memory_order_relaxed);
  return Place(cell);
}

void SessionCensus::failed(Transport transport) noexcept {
  failures_[static_cast<std::size_t>(transport)].fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t SessionCensus::failures(Transport transport) const noexcept {
  return failures_[static_cast<std::size_t>(transport)].load(std::memory_order_relaxed);
}

std::vector<SessionCensus::Row> SessionCensus::snapshot() const {
  const auto groups = all_groups();
  std::vector<Row> rows;
  for (std::size_t transport = 0; transport < kTransports; ++transport)
    for (std::size_t group = 0; group < kGroups; ++group)
      for (std::size_t proof = 0; proof < kProofs; ++proof) {
        const auto& cell = cells_[index(transport, group, proof)];
        const auto completed = cell.completed.load(std::memory_order_relaxed);
        if (completed == 0) continue;
        const auto kind = static_cast<Proof>(proof);
        rows.push_back({static_cast<Transport>(transport), group < groups.size() ? groups[group].name : "other", kind,
                        kind == Proof::ticket, cell.open.load(std::memory_order_relaxed), completed});
      }
  return rows;
}

}  // namespace qeaas
