// SPDX-License-Identifier: GPL-3.0-or-later
// A hash table with chains and a list by time of use, both as indices into one array of slots.
#include "access/address_limiter.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace qeaas::access {
namespace {

constexpr std::size_t kMaxAddresses = std::size_t{1} << 20;
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 2.5.5.2

std::uint64_t big_endian(Bytes bytes) noexcept {
  std::uint64_t value = 0;
  for (const auto byte : bytes) value = value << 8 | byte;
  return value;
}

// A full-avalanche mix (the finaliser of SplitMix64), keyed before and after: without the seed, which never leaves the process,
// addresses that share a chain cannot be computed.
std::uint64_t mix(std::uint64_t value, std::uint64_t seed) noexcept {
  value ^= seed;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  value = (value ^ value >> 31) + std::rotl(seed, 32);
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  return value ^ value >> 31;
}

}  // namespace

AddressKey AddressKey::ipv4(std::span<const std::uint8_t, 4> address) noexcept { return {big_endian(address), true}; }

AddressKey AddressKey::ipv6(std::span<const std::uint8_t, 16> address) noexcept {
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.begin())) return ipv4(address.last<4>());
  return {big_endian(address.first<8>()), false};
}

AddressLimiter::AddressLimiter(std::size_t capacity, Rate rate, std::uint64_t seed)
    : rate_(rate),
      seed_(seed),
      capacity_(std::clamp<std::size_t>(capacity, 1, kMaxAddresses)),
      buckets_(std::bit_ceil(2 * capacity_), kNone) {
  slots_.reserve(capacity_);
}

Decision AddressLimiter::take(const AddressKey& address, std::uint64_t amount, std::chrono::steady_clock::time_point now) noexcept {
  if (rate_.unlimited()) return Decision::ok();
  auto index = find(address);
  if (index == kNone) {
    index = insert(address);
  } else {
    leave_list(index);
    make_newest(index);
  }
  auto& slot = slots_[index];
  const auto step = rate_.next(slot.arrival_ns, amount, nanoseconds(now));
  slot.arrival_ns = step.arrival;
  return step.decision;
}

void AddressLimiter::give_back(const AddressKey& address, std::uint64_t amount) noexcept {
  if (const auto index = find(address); index != kNone) slots_[index].arrival_ns = rate_.undo(slots_[index].arrival_ns, amount);
}

std::size_t AddressLimiter::bucket_of(const AddressKey& address) const noexcept {
  const auto seed = address.is_ipv4() ? seed_ : ~seed_;
  return mix(address.bits(), seed) & (buckets_.size() - 1);
}

std::uint32_t AddressLimiter::find(const AddressKey& address) const noexcept {
  auto index = buckets_[bucket_of(address)];
  while (index != kNone && slots_[index].key != address) index = slots_[index].chain;
  return index;
}

std::uint32_t AddressLimiter::insert(const AddressKey& address) noexcept {
  auto index = static_cast<std::uint32_t>(slots_.size());
  if (slots_.size() < capacity_) {
    slots_.push_back({address, 0, kNone, kNone, kNone});
  } else {
    index = oldest_;
    leave_bucket(index);
    leave_list(index);
    slots_[index].key = address;
    slots_[index].arrival_ns = 0;
  }
  auto& head = buckets_[bucket_of(address)];
  slots_[index].chain = head;
  head = index;
  make_newest(index);
  return index;
}

void AddressLimiter::leave_bucket(std::uint32_t slot) noexcept {
  auto* link = &buckets_[bucket_of(slots_[slot].key)];
  while (*link != slot) link = &slots_[*link].chain;
  *link = slots_[slot].chain;
}

void AddressLimiter::leave_list(std::uint32_t slot) noexcept {
  const auto [newer, older] = std::pair(slots_[slot].newer, slots_[slot].older);
  (newer == kNone ? newest_ : slots_[newer].older) = older;
  (older == kNone ? oldest_ : slots_[older].newer) = newer;
}

void AddressLimiter::make_newest(std::uint32_t slot) noexcept {
  slots_[slot].newer = kNone;
  slots_[slot].older = newest_;
  (newest_ == kNone ? oldest_ : slots_[newest_].newer) = slot;
  newest_ = slot;
}

}  // namespace qeaas::access
