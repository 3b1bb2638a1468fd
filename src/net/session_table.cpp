// SPDX-License-Identifier: GPL-3.0-or-later
// SessionTable: the sessions of one worker.
#include "net/session_table.hpp"

#include <algorithm>
#include <utility>

namespace qeaas {

SessionTable::~SessionTable() {
  while (auto* session = by_use_.first()) {
    by_use_.remove(*session);
    delete session;  // NOLINT(cppcoreguidelines-owning-memory): the list owns
  }
}

DtlsSession* SessionTable::by_address(const Address& address) const noexcept {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

DtlsSession* SessionTable::by_cid(std::span<const std::uint8_t, kCidBytes> cid) const noexcept {
  ConnectionId key;
  std::copy(cid.begin(), cid.end(), key.begin());
  const auto found = by_cid_.find(key);
  return found == by_cid_.end() ? nullptr : found->second;
}

DtlsSession* SessionTable::insert(std::unique_ptr<DtlsSession> owned) {
  auto& session = *owned.release();
  by_use_.push_front(session);
  if (session.has_cid) by_cid_[session.cid] = &session;
  const auto [place, fresh] = by_address_.try_emplace(session.peer, &session);
  if (fresh) return nullptr;
  auto& holder = *place->second;
  auto* displaced = std::exchange(holder.successor, &session);
  if (displaced != nullptr) displaced->predecessor = nullptr;
  session.predecessor = &holder;
  return displaced;
}

DtlsSession* SessionTable::promote(DtlsSession& session) noexcept {
  auto* old = std::exchange(session.predecessor, nullptr);
  if (old == nullptr) return nullptr;
  old->successor = nullptr;
  by_address_.find(session.peer)->second = &session;
  return old;
}

void SessionTable::move(DtlsSession& session, const Address& to) {
  if (const auto place = by_address_.find(session.peer); place != by_address_.end() && place->second == &session) by_address_.erase(place);
  if (session.successor != nullptr) {  // the handshake at the old address goes on there
    by_address_[session.peer] = session.successor;
    session.successor->predecessor = nullptr;
    session.successor = nullptr;
  }
  session.peer = to;
  by_address_.try_emplace(to, &session);
}

void SessionTable::touch(DtlsSession& session, TimePoint now) noexcept {
  session.last_used = now;
  by_use_.move_to_front(session);
}

void SessionTable::erase(DtlsSession& session) noexcept {
  if (const auto place = by_address_.find(session.peer); place != by_address_.end() && place->second == &session) {
    if (session.successor != nullptr) {
      place->second = session.successor;
      session.successor->predecessor = nullptr;
    } else {
      by_address_.erase(place);
    }
  } else if (session.successor != nullptr) {
    session.successor->predecessor = nullptr;
  }
  if (session.predecessor != nullptr) session.predecessor->successor = nullptr;
  if (session.has_cid) by_cid_.erase(session.cid);
  by_use_.remove(session);
  delete &session;  // NOLINT(cppcoreguidelines-owning-memory): the list owns
}

}  // namespace qeaas
