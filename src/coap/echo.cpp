// SPDX-License-Identifier: GPL-3.0-or-later
// Challenges, their check, and a set-associative memory of verified addresses. Only who has answered a challenge gets into it.
#include "coap/echo.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "crypto/hash.hpp"

namespace qeaas::coap {
namespace {

constexpr std::size_t kTimeBytes = 4;

std::uint32_t seconds_of(TimePoint now) noexcept {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

std::array<std::uint8_t, kEchoBytes> make(const Secret<32>& key, Bytes address, std::uint32_t seconds) noexcept {
  std::array<std::uint8_t, kTimeBytes + kMaxAddressBytes> input{};
  for (std::size_t i = 0; i < kTimeBytes; ++i) input[i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
  std::copy(address.begin(), address.end(), input.begin() + kTimeBytes);
  std::array<std::uint8_t, kSha256Bytes> tag;
  hmac_sha256(key.span(), Bytes{input}.first(kTimeBytes + address.size()), tag);
  std::array<std::uint8_t, kEchoBytes> value;
  std::copy_n(input.begin(), kTimeBytes, value.begin());
  std::copy_n(tag.begin(), kEchoBytes - kTimeBytes, value.begin() + kTimeBytes);
  return value;
}

}  // namespace

EchoGuard::EchoGuard(Secret<32> key, std::size_t addresses) : key_(std::move(key)), known_(std::bit_ceil(std::max(addresses, kWays))) {
  constexpr std::array<std::uint8_t, 1> kBefore{0};
  hmac_sha256(key_.span(), kBefore, previous_key_.span());
}

void EchoGuard::turn_keys(TimePoint now) noexcept {
  if (!started_) turned_at_ = now;
  started_ = true;
  // Two turns make every old challenge worthless; more would change nothing.
  for (int turn = 0; turn < 2 && now - turned_at_ >= kEchoKeyLifetime; ++turn) {
    Secret<32> next;
    sha256({key_.span()}, next.span());
    previous_key_ = std::move(key_);
    key_ = std::move(next);
    turned_at_ += kEchoKeyLifetime;
  }
  if (now - turned_at_ >= kEchoKeyLifetime) turned_at_ = now;
}

std::array<std::uint8_t, kEchoBytes> EchoGuard::challenge(Bytes address, TimePoint now) noexcept {
  turn_keys(now);
  return make(key_, address.first(std::min(address.size(), kMaxAddressBytes)), seconds_of(now));
}

bool EchoGuard::accept(Bytes address, Bytes echo, TimePoint now) noexcept {
  if (echo.size() != kEchoBytes || address.empty() || address.size() > kMaxAddressBytes) return false;
  turn_keys(now);
  std::uint32_t seconds = 0;
  for (std::size_t i = 0; i < kTimeBytes; ++i) seconds = seconds << 8 | echo[i];
  // Modulo 2^32, like the time itself; a time in the future is a large age.
  if (seconds_of(now) - seconds > static_cast<std::uint32_t>(kEchoFreshness.count())) return false;
  const bool ours =
      equal_in_constant_time(echo, make(key_, address, seconds)) || equal_in_constant_time(echo, make(previous_key_, address, seconds));
  if (ours) remember(address, now);
  return ours;
}

std::size_t EchoGuard::first_way(Bytes address) const noexcept {
  std::uint64_t mixed = 0xcbf29ce484222325u;
  for (const std::uint8_t byte : address) mixed = (mixed ^ byte) * 0x100000001b3u;
  return static_cast<std::size_t>(mixed >> 32) * kWays & (known_.size() - 1);
}

bool EchoGuard::verified(Bytes address, TimePoint now) const noexcept {
  const auto set = std::span(known_).subspan(first_way(address), kWays);
  return std::any_of(set.begin(), set.end(), [&](const Known& known) {
    return known.size != 0 && known.until > now && std::ranges::equal(address, Bytes{known.address}.first(known.size));
  });
}

void EchoGuard::remember(Bytes address, TimePoint now) noexcept {
  const auto set = std::span(known_).subspan(first_way(address), kWays);
  auto place = std::find_if(set.begin(), set.end(),
                            [&](const Known& known) { return std::ranges::equal(address, Bytes{known.address}.first(known.size)); });
  if (place == set.end()) place = std::min_element(set.begin(), set.end(), [](auto& a, auto& b) { return a.until < b.until; });
  std::copy(address.begin(), address.end(), place->address.begin());
  place->size = static_cast<std::uint8_t>(address.size());
  place->until = now + kAddressLifetime;
}

}  // namespace qeaas::coap
