// SPDX-License-Identifier: GPL-3.0-or-later
// Identities: who a client is, looked up in the access table.
#include "identities.hpp"

#include <algorithm>

namespace qeaas {

std::optional<IdentityResolver::Psk> Identities::psk(std::string_view identity, std::span<std::uint8_t, kMaxPskBytes> key) noexcept {
  const auto table = access_.snapshot();
  const auto* entry = table->find_psk(identity);
  if (entry == nullptr || !entry->enabled() || entry->key.size() > key.size()) return std::nullopt;
  std::copy(entry->key.span().begin(), entry->key.span().end(), key.begin());
  return Psk{static_cast<std::uint64_t>(entry->identity.id), entry->key.size()};
}

std::uint64_t Identities::by_key(const SpkiHash& spki, KeyForm form) noexcept {
  const auto table = access_.snapshot();
  const auto* entry = form == KeyForm::raw ? table->find_raw_public_key(spki) : table->find_certificate(spki);
  return entry != nullptr && entry->enabled() ? static_cast<std::uint64_t>(entry->identity.id) : kAnonymous;
}

bool Identities::enabled(std::uint64_t identity) noexcept {
  const auto table = access_.snapshot();
  const auto* entry = table->find(static_cast<std::int64_t>(identity));
  return entry != nullptr && entry->enabled();
}

}  // namespace qeaas
