// SPDX-License-Identifier: GPL-3.0-or-later
// ProxyCache: answers of HTTP origins that may be kept.
#include "coap/proxy_cache.hpp"

namespace qeaas::coap {

std::size_t ProxyCache::cost(const CachedAnswer& answer) noexcept {
  return answer.key.size() + answer.validator.size() + answer.body.size() + kEntryOverheadBytes;
}

void ProxyCache::drop(Entries::iterator entry) noexcept {
  bytes_ -= cost(*entry);
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

const CachedAnswer* ProxyCache::find(std::string_view key, TimePoint now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto entry = found->second;
  if (entry->fresh_until <= now && entry->validator.empty()) {
    drop(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return &*entry;
}

void ProxyCache::put(CachedAnswer answer) {
  erase(answer.key);
  const std::size_t needed = cost(answer);
  if (needed > max_bytes_) return;
  while (bytes_ + needed > max_bytes_ || entries_.size() >= kMaxEntries) drop(std::prev(entries_.end()));
  entries_.push_front(std::move(answer));
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += needed;
}

void ProxyCache::refresh(std::string_view key, TimePoint fresh_until) noexcept {
  if (const auto found = by_key_.find(key); found != by_key_.end()) found->second->fresh_until = fresh_until;
}

void ProxyCache::erase(std::string_view key) noexcept {
  if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
}

}  // namespace qeaas::coap
