// SPDX-License-Identifier: GPL-3.0-or-later
// SessionTable: the sessions of one worker, found by address and by connection ID in constant time, whatever their number, and
// kept in the order of their last use. Owns the sessions. One thread.
#pragma once

#include <cstring>
#include <memory>
#include <unordered_map>

#include "net/dtls_session.hpp"

namespace qeaas {

// SessionList is a doubly linked list through one of a session's link members; it owns nothing.
template <DtlsSession::Links DtlsSession::*Member>
class SessionList {
 public:
  void push_front(DtlsSession& session) noexcept {
    (session.*Member) = {nullptr, first_};
    (first_ == nullptr ? last_ : (first_->*Member).before) = &session;
    first_ = &session;
    ++size_;
  }
  void remove(DtlsSession& session) noexcept {
    auto& links = session.*Member;
    (links.before == nullptr ? first_ : (links.before->*Member).after) = links.after;
    (links.after == nullptr ? last_ : (links.after->*Member).before) = links.before;
    links = {};
    --size_;
  }
  void move_to_front(DtlsSession& session) noexcept {
    if (first_ == &session) return;
    remove(session);
    push_front(session);
  }
  DtlsSession* first() const noexcept { return first_; }
  DtlsSession* last() const noexcept { return last_; }
  static DtlsSession* next(const DtlsSession& session) noexcept { return (session.*Member).after; }
  static DtlsSession* previous(const DtlsSession& session) noexcept { return (session.*Member).before; }
  std::size_t size() const noexcept { return size_; }

 private:
  DtlsSession* first_ = nullptr;
  DtlsSession* last_ = nullptr;
  std::size_t size_ = 0;
};

class SessionTable {
 public:
  SessionTable() = default;
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  DtlsSession* by_address(const Address& address) const noexcept;
  DtlsSession* by_cid(std::span<const std::uint8_t, kCidBytes> cid) const noexcept;
  // insert takes a session in. One whose address is taken becomes the successor of the session there, in place of an earlier one.
  // Gives the session that had to make room (an earlier successor), to be erased by the caller, or null.
  [[nodiscard]] DtlsSession* insert(std::unique_ptr<DtlsSession> session);
  // promote puts a successor in the place of its predecessor, which it gives back to be erased; null when there is none.
  [[nodiscard]] DtlsSession* promote(DtlsSession& session) noexcept;
  // move notes a session's new address. Another session that holds it already is still the one that by_address finds: the one that
  // moved is known by its connection ID.
  void move(DtlsSession& session, const Address& to);
  void touch(DtlsSession& session, TimePoint now) noexcept;
  void erase(DtlsSession& session) noexcept;

  SessionList<&DtlsSession::by_use>& in_order_of_use() noexcept { return by_use_; }
  std::size_t size() const noexcept { return by_use_.size(); }

 private:
  struct CidHash {
    std::size_t operator()(const ConnectionId& cid) const noexcept {
      std::size_t value;  // the bytes are random already
      std::memcpy(&value, cid.data(), sizeof(value));
      return value;
    }
  };
  std::unordered_map<Address, DtlsSession*, AddressHash> by_address_;
  std::unordered_map<ConnectionId, DtlsSession*, CidHash> by_cid_;
  SessionList<&DtlsSession::by_use> by_use_;
};

}  // namespace qeaas
