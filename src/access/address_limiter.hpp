// SPDX-License-Identifier: GPL-3.0-or-later
// A rate for each network address, before anybody proved who they are. One table a worker, of fixed size, the least recently
// used address forgotten first; nothing is allocated after construction. Take only for addresses that have shown that they
// receive what is sent to them (cookie or handshake): a spoofed flood would push honest addresses out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "access/quota.hpp"

namespace qeaas::access {

// AddressKey is an IPv4 address or the /64 of an IPv6 address: whoever has one of a /64 has them all.
class AddressKey {
 public:
  static AddressKey ipv4(std::span<const std::uint8_t, 4> address) noexcept;
  // ipv6 takes a mapped IPv4 address (::ffff:a.b.c.d) for the IPv4 address that it is.
  static AddressKey ipv6(std::span<const std::uint8_t, 16> address) noexcept;
  friend bool operator==(const AddressKey&, const AddressKey&) noexcept = default;
  std::uint64_t bits() const noexcept { return bits_; }
  bool is_ipv4() const noexcept { return ipv4_; }

 private:
  AddressKey(std::uint64_t bits, bool ipv4) noexcept : bits_(bits), ipv4_(ipv4) {}
  std::uint64_t bits_;
  bool ipv4_;
};

class AddressLimiter {
 public:
  // capacity is 1 to 2^20 addresses (some 50 bytes each). seed keys the hash: an attacker must not choose collisions.
  AddressLimiter(std::size_t capacity, Rate rate, std::uint64_t seed);

  Decision take(const AddressKey& address, std::uint64_t amount, std::chrono::steady_clock::time_point now) noexcept;
  // give_back undoes a take of which nothing was served. An address that was forgotten since has its whole burst anyway.
  void give_back(const AddressKey& address, std::uint64_t amount) noexcept;
  // set_rate changes the rate for all, at a reload; what addresses have used up stays used up.
  void set_rate(Rate rate) noexcept { rate_ = rate; }
  std::size_t size() const noexcept { return slots_.size(); }
  std::size_t capacity() const noexcept { return capacity_; }
  bool knows(const AddressKey& address) const noexcept { return find(address) != kNone; }

 private:
  static constexpr std::uint32_t kNone = 0xffff'ffff;
  struct Slot {
    AddressKey key;
    std::int64_t arrival_ns;
    std::uint32_t newer, older;  // the list by time of use
    std::uint32_t chain;         // the next slot of the same bucket
  };
  std::size_t bucket_of(const AddressKey& address) const noexcept;
  std::uint32_t find(const AddressKey& address) const noexcept;
  std::uint32_t insert(const AddressKey& address) noexcept;
  void leave_bucket(std::uint32_t slot) noexcept;
  void leave_list(std::uint32_t slot) noexcept;
  void make_newest(std::uint32_t slot) noexcept;

  Rate rate_;
  std::uint64_t seed_;
  std::size_t capacity_;
  std::vector<std::uint32_t> buckets_;  // a power of two, at least twice the capacity
  std::vector<Slot> slots_;             // reserved in full by the constructor
  std::uint32_t newest_ = kNone, oldest_ = kNone;
};

}  // namespace qeaas::access
