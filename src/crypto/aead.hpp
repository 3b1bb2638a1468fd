// SPDX-License-Identifier: GPL-3.0-or-later
// AES-256-GCM over wolfCrypt (SP 800-38D), in place. For session tickets.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;

// seal encrypts text in place and writes the tag. A nonce must never repeat under one key. Error: crypto.
Status seal(std::span<const std::uint8_t, kAeadKeyBytes> key, std::span<const std::uint8_t, kAeadNonceBytes> nonce, Bytes associated,
            MutableBytes text, std::span<std::uint8_t, kAeadTagBytes> tag) noexcept;
// open decrypts text in place; on tampered the text is zeroed.
Status open(std::span<const std::uint8_t, kAeadKeyBytes> key, std::span<const std::uint8_t, kAeadNonceBytes> nonce, Bytes associated,
            MutableBytes text, std::span<const std::uint8_t, kAeadTagBytes> tag) noexcept;

}  // namespace qeaas
