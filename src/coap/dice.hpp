// SPDX-License-Identifier: GPL-3.0-or-later
// Dice: unpredictable numbers for message IDs, ETags and timer jitter, made from a seed by SHA-256 in counter mode, so that tests
// repeat exactly. Not for entropy that leaves the server as such.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/secret.hpp"
#include "crypto/hash.hpp"

namespace qeaas::coap {

// derive_key gives an independent key for one purpose.
inline Secret<32> derive_key(const Secret<32>& seed, std::string_view purpose) noexcept {
  Secret<32> key;
  hmac_sha256(seed.span(), bytes_of(purpose), key.span());
  return key;
}

class Dice {
 public:
  explicit Dice(Secret<32> key) noexcept : key_(std::move(key)) {}

  std::uint64_t next() noexcept {
    std::array<std::uint8_t, 8> counter;
    std::memcpy(counter.data(), &counter_, counter.size());
    ++counter_;
    Secret<kSha256Bytes> block;
    hmac_sha256(key_.span(), counter, block.span());
    std::uint64_t value = 0;
    std::memcpy(&value, block.span().data(), sizeof value);
    return value;
  }

 private:
  Secret<32> key_;
  std::uint64_t counter_ = 0;
};

}  // namespace qeaas::coap
