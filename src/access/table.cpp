// SPDX-License-Identifier: GPL-3.0-or-later
// Building and searching a snapshot.
#include "access/table.hpp"

#include <algorithm>

#include "base/hex.hpp"

namespace qeaas::access {
namespace {

Digest digest_of(const std::string& hex) {
  Digest digest{};
  const auto bytes = from_hex(hex);
  if (bytes && bytes->size() == digest.size()) std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

Entry make_entry(Record record, const Quota& default_quota, const Table* previous) {
  const auto* before = previous == nullptr ? nullptr : previous->find(record.identity.id);
  auto account = before == nullptr ? std::make_shared<Account>() : before->account;
  if (before == nullptr) account->stored = record.balance;
  const auto quota = record.identity.quota.value_or(default_quota);
  return {std::move(record.identity), std::move(record.key), quota, Rate::of(quota), std::move(account)};
}

}  // namespace

Table::Table(std::vector<Record> records, const Quota& default_quota, const Table* previous) {
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.identity.id < b.identity.id; });
  entries_.reserve(records.size());
  for (auto& record : records) entries_.push_back(make_entry(std::move(record), default_quota, previous));
  for (const auto& entry : entries_) index(entry);  // only now: the entries no longer move
  std::sort(psk_.begin(), psk_.end(), [](const Entry* a, const Entry* b) { return a->identity.credential < b->identity.credential; });
  for (auto* list : {&certificates_, &raw_public_keys_, &tokens_})
    std::sort(list->begin(), list->end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  anonymous_ = find(kAnonymousId);
}

void Table::index(const Entry& entry) {
  const auto& identity = entry.identity;
  switch (identity.kind) {
    case CredentialKind::anonymous: return;
    case CredentialKind::psk: psk_.push_back(&entry); return;
    case CredentialKind::certificate: certificates_.emplace_back(digest_of(identity.credential), &entry); return;
    case CredentialKind::raw_public_key: raw_public_keys_.emplace_back(digest_of(identity.credential), &entry); return;
    case CredentialKind::token: tokens_.emplace_back(digest_of(identity.credential), &entry); return;
  }
}

const Entry* Table::find_psk(std::string_view identity) const noexcept {
  const auto found = std::lower_bound(psk_.begin(), psk_.end(), identity,
                                      [](const Entry* entry, std::string_view text) { return entry->identity.credential < text; });
  return found != psk_.end() && (*found)->identity.credential == identity ? *found : nullptr;
}

const Entry* Table::search(const ByDigest& list, const Digest& digest) noexcept {
  const auto found =
      std::lower_bound(list.begin(), list.end(), digest, [](const auto& item, const Digest& key) { return item.first < key; });
  return found != list.end() && found->first == digest ? found->second : nullptr;
}

const Entry* Table::find_certificate(const Digest& spki) const noexcept { return search(certificates_, spki); }
const Entry* Table::find_raw_public_key(const Digest& spki) const noexcept { return search(raw_public_keys_, spki); }
const Entry* Table::find_token(const Digest& token) const noexcept { return search(tokens_, token); }

const Entry* Table::find(std::int64_t id) const noexcept {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), id, [](const Entry& entry, std::int64_t key) { return entry.identity.id < key; });
  return found != entries_.end() && found->identity.id == id ? &*found : nullptr;
}

}  // namespace qeaas::access
