// SPDX-License-Identifier: GPL-3.0-or-later
// A generator that is random only while the radio runs (ESP32): read when the network has come up, and credited then. The radio is on at
// that moment, because the network came through it.
#include <zephyr/device.h>
#include <zephyr/drivers/entropy.h>
#include <zephyr/init.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/conn_mgr_monitor.h>
#include <zephyr/net/net_event.h>
#include <zephyr/net/net_mgmt.h>

#include <array>
#include <cstdint>

#include <qeaas/entropy.h>

LOG_MODULE_DECLARE(sample);

namespace {

constexpr std::size_t kCreditBits = 256;  // of 64 bytes: half of what an ideal generator would give
net_mgmt_event_callback callback;

void read_noise(k_work*) {
  std::array<std::uint8_t, 64> noise{};
  const auto* source = DEVICE_DT_GET(DT_CHOSEN(sample_radio_noise));
  auto result = entropy_get_entropy(source, noise.data(), noise.size());
  if (result == 0) result = entropy_add_entropy(DEVICE_DT_GET(DT_CHOSEN(zephyr_entropy)), noise.data(), noise.size(), kCreditBits);
  for (volatile std::uint8_t& byte : noise) byte = 0;  // volatile, or the compiler would leave it out
  LOG_INF("noise while the radio is on: %d", result);
}

K_WORK_DEFINE(work, read_noise);

// Event is 64 bits wide since Zephyr 4.2, and was 32 before.
template <typename Event>
void on_event(net_mgmt_event_callback*, Event event, net_if*) {
  if (event == NET_EVENT_L4_CONNECTED) k_work_submit(&work);
}

int watch_radio() {
  net_mgmt_init_event_callback(&callback, on_event, NET_EVENT_L4_CONNECTED);
  net_mgmt_add_event_callback(&callback);
  return 0;
}

SYS_INIT(watch_radio, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);

}  // namespace
