// SPDX-License-Identifier: GPL-3.0-or-later
// The identities in memory: an immutable snapshot, sorted for look-ups that allocate nothing, take no lock and ask no
// database. A look-up answers unverified ClientHellos, so it costs a binary search and keeps no state.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "access/identity.hpp"
#include "access/quota.hpp"
#include "access/store.hpp"

namespace qeaas::access {

// Entry is one identity, ready for use. It lives as long as its Table; its account outlives both.
struct Entry {
  Identity identity;
  SecretBytes key;  // psk only
  Quota quota;      // the identity's own or the default
  Rate rate;        // of quota
  std::shared_ptr<Account> account;
  bool enabled() const noexcept { return identity.enabled; }
};

class Table {
 public:
  // A new table keeps the accounts of the previous one (may be null), so that a reload refills no bucket.
  Table(std::vector<Record> records, const Quota& default_quota, const Table* previous);

  // The look-ups give null for unknown identities, and for kinds other than the one asked. A disabled identity is found, so
  // that the caller can tell forbidden from unknown; take refuses it.
  const Entry* find_psk(std::string_view identity) const noexcept;
  const Entry* find_certificate(const Digest& spki) const noexcept;
  const Entry* find_raw_public_key(const Digest& spki) const noexcept;
  const Entry* find_token(const Digest& token) const noexcept;
  const Entry* find(std::int64_t id) const noexcept;
  const Entry& anonymous() const noexcept { return *anonymous_; }
  const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  using ByDigest = std::vector<std::pair<Digest, const Entry*>>;
  void index(const Entry& entry);
  static const Entry* search(const ByDigest& list, const Digest& digest) noexcept;

  std::vector<Entry> entries_;  // by id
  std::vector<const Entry*> psk_;
  ByDigest certificates_, raw_public_keys_, tokens_;
  const Entry* anonymous_ = nullptr;
};

}  // namespace qeaas::access
