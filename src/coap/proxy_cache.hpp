// SPDX-License-Identifier: GPL-3.0-or-later
// ProxyCache: answers of HTTP origins that may be kept (RFC 7252 5.6, 5.7.1), of one worker. Bounded in entries and bytes; the least
// recently used goes first. What may be kept at all is decided before (coap/http_mapping.hpp). Bodies are wiped. One thread.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "coap/answer.hpp"

namespace qeaas::coap {

struct CachedAnswer {
  std::string key;
  std::optional<std::uint16_t> content_format;
  std::string validator;  // an HTTP entity tag; empty: it cannot be asked about, so it is of no use once stale
  TimePoint fresh_until{};
  SecretBytes body;
};

class ProxyCache {
 public:
  static constexpr std::size_t kMaxEntries = 256;
  static constexpr std::size_t kEntryOverheadBytes = 256;

  explicit ProxyCache(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  // find is valid until the next call that is not const. A stale answer without a validator is dropped instead.
  const CachedAnswer* find(std::string_view key, TimePoint now);
  // put replaces the answer of the same key; one that is too large for the cache is not kept.
  void put(CachedAnswer answer);
  void refresh(std::string_view key, TimePoint fresh_until) noexcept;
  void erase(std::string_view key) noexcept;

  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  using Entries = std::list<CachedAnswer>;  // most recently used first
  static std::size_t cost(const CachedAnswer& answer) noexcept;
  void drop(Entries::iterator entry) noexcept;

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  // views into the entries
};

}  // namespace qeaas::coap
