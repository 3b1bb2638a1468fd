// SPDX-License-Identifier: GPL-3.0-or-later
// The pools and sources of app.overlay, by name, and what every suite of this image asks of them.
#pragma once

#include <qeaas/entropy.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <algorithm>
#include <array>
#include <span>

#include "test_source.hpp"

inline const device* const pool = DEVICE_DT_GET(DT_NODELABEL(pool));
inline const device* const mixed_pool = DEVICE_DT_GET(DT_NODELABEL(mixed_pool));
inline const device* const late_pool = DEVICE_DT_GET(DT_NODELABEL(late_pool));
inline const device* const outside_pool = DEVICE_DT_GET(DT_NODELABEL(outside_pool));
inline const device* const poor_pool = DEVICE_DT_GET(DT_NODELABEL(poor_pool));
inline const device* const good_source = DEVICE_DT_GET(DT_NODELABEL(good_source));
inline const device* const other_source = DEVICE_DT_GET(DT_NODELABEL(other_source));
inline const device* const late_source = DEVICE_DT_GET(DT_NODELABEL(late_source));
inline const device* const broken_source = DEVICE_DT_GET(DT_NODELABEL(broken_source));
inline const device* const shady_source = DEVICE_DT_GET(DT_NODELABEL(shady_source));

inline struct qeaas_pool_status status_of(const device* dev) {
  struct qeaas_pool_status status {};
  zassert_ok(qeaas_pool_status(dev, &status));
  return status;
}

inline std::array<std::uint8_t, 64> some_bytes(std::uint8_t begin) {
  std::array<std::uint8_t, 64> bytes{};
  for (auto& byte : bytes) byte = begin += 13;
  return bytes;
}

inline bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; });
}

// Sleeps until what was scheduled for now has run, and the shortest time between two refills is over.
inline void let_work_run() { k_msleep(2 * CONFIG_QEAAS_ENTROPY_REFILL_INTERVAL_MS); }
