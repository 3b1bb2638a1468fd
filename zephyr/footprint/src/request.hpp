// SPDX-License-Identifier: GPL-3.0-or-later
// The CoAP request that is measured, as bytes: GET /random?n=32, confirmable.
#pragma once

#include <array>
#include <cstdint>

inline constexpr std::array<std::uint8_t, 20> kRequest{0x44, 0x01, 0x12, 0x34, 'f', 'o', 'o', 't',  // CON GET, token
                                                       0xB6, 'r',  'a',  'n',  'd', 'o', 'm',       // Uri-Path: random
                                                       0x44, 'n',  '=',  '3',  '2'};                // Uri-Query: n=32
