// SPDX-License-Identifier: GPL-3.0-or-later
// Names of kinds and types, and the account of a draw.
#include "base/provenance.hpp"

#include <algorithm>

namespace qeaas {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"quantum", "physical", "os", "remote", "simulated"};
constexpr std::array<std::string_view, 3> kTypes{"direct", "mixed", "drbg"};

constexpr std::array<std::string_view, 4> kStates{"starting", "healthy", "alarmed", "gone"};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view text) noexcept {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view name(SourceKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view name(EntropyType type) noexcept { return kTypes[static_cast<std::size_t>(type)]; }
std::string_view name(SourceState state) noexcept { return kStates[static_cast<std::size_t>(state)]; }
std::optional<SourceState> source_state(std::string_view text) noexcept { return find<SourceState>(kStates, text); }
std::optional<SourceKind> source_kind(std::string_view text) noexcept { return find<SourceKind>(kKinds, text); }
std::optional<EntropyType> entropy_type(std::string_view text) noexcept { return find<EntropyType>(kTypes, text); }

void Provenance::add(const SourceTag& tag) noexcept {
  const auto known = sources();
  if (std::find(known.begin(), known.end(), &tag) != known.end() || count_ == tags_.size()) return;
  tags_[count_++] = &tag;
}

bool Provenance::simulated() const noexcept {
  const auto known = sources();
  return std::any_of(known.begin(), known.end(), [](const SourceTag* tag) { return tag->kind == SourceKind::simulated; });
}

}  // namespace qeaas
