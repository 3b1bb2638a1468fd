// SPDX-License-Identifier: GPL-3.0-or-later
// A generator that is random only while the radio runs (ESP32): read when the network has come up over Wi-Fi, and credited then, unless it
// repeats itself. The radio is on at that moment, because the network came through it.
#include <zephyr/device.h>
#include <zephyr/drivers/entropy.h>
#include <zephyr/init.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/conn_mgr_monitor.h>
#include <zephyr/net/net_event.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/net_mgmt.h>

#include <array>
#include <cstdint>

#include <qeaas/entropy.h>

#include "noise_check.hpp"

LOG_MODULE_DECLARE(sample);

namespace {

net_mgmt_event_callback callback;

void read_noise(k_work*) {
  std::array<std::uint8_t, sample::kNoiseBytes> noise{};
  const auto* source = DEVICE_DT_GET(DT_CHOSEN(sample_radio_noise));
  auto result = entropy_get_entropy(source, noise.data(), noise.size());
  const bool alive = result == 0 && sample::is_alive(noise);
  const auto bits = alive ? sample::kNoiseBits : 0;
  if (result == 0) result = entropy_add_entropy(DEVICE_DT_GET(DT_CHOSEN(zephyr_entropy)), noise.data(), noise.size(), bits);
  for (volatile std::uint8_t& byte : noise) byte = 0;  // volatile, or the compiler would leave it out
  if (alive && result == 0) {
    LOG_INF("the radio's noise is credited %u bits", static_cast<unsigned>(bits));
  } else {
    LOG_ERR("the radio's noise is credited nothing (%d%s): the generator is read again when the network comes up the next time", result,
            result == 0 ? ", it repeats itself" : "");
  }
}

K_WORK_DEFINE(work, read_noise);

// Event is 64 bits wide since Zephyr 4.2, and was 32 before.
template <typename Event>
void on_event(net_mgmt_event_callback*, Event event, net_if* interface) {
  // Another interface, a wire for example, says nothing about the radio.
  if (event == NET_EVENT_L4_CONNECTED && interface != nullptr && net_if_is_wifi(interface)) k_work_submit(&work);
}

int watch_radio() {
  net_mgmt_init_event_callback(&callback, on_event, NET_EVENT_L4_CONNECTED);
  net_mgmt_add_event_callback(&callback);
  return 0;
}

SYS_INIT(watch_radio, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);

}  // namespace
