// SPDX-License-Identifier: GPL-3.0-or-later
// The CoAP request that is measured, as bytes: GET /random?n=32, confirmable.
#pragma once

#include <array>
#include <cstdint>

inline constexpr unsigned kRequestsOfARun = 16;

// next_request numbers them: a server answers a number that it has seen from its memory.
inline std::array<std::uint8_t, 20> next_request() {
  static std::uint8_t number = 0;
  return {0x44, 0x01, 0x12, ++number, 'f', 'o', 'o', 't',  // CON GET, message id, token
          0xB6, 'r',  'a',  'n',      'd', 'o', 'm',       // Uri-Path: random
          0x44, 'n',  '=',  '3',      '2'};                // Uri-Query: n=32
}

inline constexpr std::uint8_t kContent = 0x45;  // 2.05, the second byte of an answer
