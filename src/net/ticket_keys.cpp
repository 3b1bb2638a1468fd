// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that protect session tickets.
#include "net/ticket_keys.hpp"

#include <algorithm>

#include "crypto/random.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kIdentityBytes = 8;

// TicketRoom is identity and ticket side by side, as they are encrypted; wiped at the end.
struct TicketRoom {
  std::array<std::uint8_t, kIdentityBytes + TicketKeys::kMaxTicketBytes> bytes;
  ~TicketRoom() { wipe(bytes); }
};

void put(std::uint64_t value, std::span<std::uint8_t, 8> out) noexcept {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * (7 - i)));
}

std::uint64_t get(std::span<const std::uint8_t, 8> in) noexcept {
  std::uint64_t value = 0;
  for (const auto byte : in) value = value << 8 | byte;
  return value;
}

// authenticated is what a ticket is bound to beside its content: the name of its key and the transport.
std::array<std::uint8_t, TicketKeys::kNameBytes + 1> authenticated(Bytes key_name, Transport transport) noexcept {
  std::array<std::uint8_t, TicketKeys::kNameBytes + 1> bytes{};
  std::copy(key_name.begin(), key_name.end(), bytes.begin());
  bytes.back() = static_cast<std::uint8_t>(transport);
  return bytes;
}

}  // namespace

void TicketKeys::drop_expired(TimePoint now) noexcept {
  while (!keys_.empty() && now - keys_.back().born >= rotation_ + lifetime_) keys_.pop_back();
}

Result<TicketKeys::Key*> TicketKeys::current(TimePoint now) noexcept {
  drop_expired(now);
  if (!keys_.empty() && now - keys_.front().born < rotation_) return &keys_.front();
  Key key;
  key.born = now;
  if (!seed_bytes(key.name) || !seed_bytes(key.secret.span()) || !seed_bytes(key.nonce_prefix)) return fail(Error::crypto);
  keys_.push_front(std::move(key));
  return &keys_.front();
}

Status TicketKeys::seal(Transport transport, std::uint64_t identity, Fields fields, MutableBytes ticket, TimePoint now) noexcept {
  if (ticket.size() > kMaxTicketBytes) return fail(Error::too_large);
  const std::lock_guard lock(mutex_);
  const auto key = current(now);
  if (!key) return fail(key.error());
  std::copy((*key)->name.begin(), (*key)->name.end(), fields.name.begin());
  std::fill(fields.nonce.begin(), fields.nonce.end(), std::uint8_t{0});
  std::copy((*key)->nonce_prefix.begin(), (*key)->nonce_prefix.end(), fields.nonce.begin());
  put((*key)->sealed++, fields.nonce.subspan<4, 8>());

  TicketRoom room;
  const auto whole = MutableBytes(room.bytes).first(kIdentityBytes + ticket.size());
  put(identity, whole.first<kIdentityBytes>());
  std::copy(ticket.begin(), ticket.end(), whole.begin() + kIdentityBytes);
  const auto sealed = qeaas::seal(std::as_const((*key)->secret).span(), fields.nonce.first<kAeadNonceBytes>(),
                                  authenticated(fields.name, transport), whole, fields.mac.first<kAeadTagBytes>());
  if (!sealed) return sealed;
  std::copy_n(whole.begin(), kIdentityBytes, fields.mac.begin() + kAeadTagBytes);
  std::fill(fields.mac.begin() + kAeadTagBytes + kIdentityBytes, fields.mac.end(), std::uint8_t{0});
  std::copy(whole.begin() + kIdentityBytes, whole.end(), ticket.begin());
  return {};
}

Result<std::uint64_t> TicketKeys::open(Transport transport, Fields fields, MutableBytes ticket, TimePoint now) noexcept {
  if (ticket.size() > kMaxTicketBytes) return fail(Error::too_large);
  const std::lock_guard lock(mutex_);
  drop_expired(now);
  const auto key = std::find_if(keys_.begin(), keys_.end(),
                                [&](const Key& one) { return std::equal(one.name.begin(), one.name.end(), fields.name.begin()); });
  if (key == keys_.end()) return fail(Error::not_found);

  TicketRoom room;
  const auto whole = MutableBytes(room.bytes).first(kIdentityBytes + ticket.size());
  std::copy_n(fields.mac.begin() + kAeadTagBytes, kIdentityBytes, whole.begin());
  std::copy(ticket.begin(), ticket.end(), whole.begin() + kIdentityBytes);
  const auto opened = qeaas::open(std::as_const(key->secret).span(), fields.nonce.first<kAeadNonceBytes>(),
                                  authenticated(fields.name, transport), whole, fields.mac.first<kAeadTagBytes>());
  if (!opened) return fail(opened.error());
  std::copy(whole.begin() + kIdentityBytes, whole.end(), ticket.begin());
  return get(whole.first<kIdentityBytes>());
}

}  // namespace qeaas
