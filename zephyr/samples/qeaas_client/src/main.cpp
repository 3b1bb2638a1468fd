// SPDX-License-Identifier: GPL-3.0-or-later
// A device whose entropy pool is kept filled from servers: everything happens in the module. This program only waits until the pool can be
// drawn from, draws once, and says when something fetched has been mixed in.
#include <zephyr/device.h>
#include <zephyr/drivers/entropy.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

#include <array>
#include <cstdint>
#include <cstring>

#include <qeaas/client.h>

LOG_MODULE_REGISTER(sample, LOG_LEVEL_INF);

namespace {

constexpr k_timeout_t look_again() { return K_MSEC(100); }

const device* pool() { return DEVICE_DT_GET(DT_CHOSEN(zephyr_entropy)); }

bool draw() {
  std::array<std::uint8_t, 32> bytes{};
  const auto result = entropy_get_entropy(pool(), bytes.data(), bytes.size());
  std::memset(bytes.data(), 0, bytes.size());
  return result == 0;
}

}  // namespace

int main() {
  LOG_INF("started at %u ms, without waiting for any network", k_uptime_get_32());
  while (!draw()) k_sleep(look_again());
  LOG_INF("the pool is seeded: drew 32 bytes");
  struct qeaas_client_status status {};
  for (qeaas_client_get_status(&status); status.fetches == 0; qeaas_client_get_status(&status)) k_sleep(look_again());
  LOG_INF("entropy from outside has been mixed in: %u bytes; drew 32 bytes: %s", status.mixed_bytes, draw() ? "yes" : "no");
  return 0;
}
