// SPDX-License-Identifier: GPL-3.0-or-later
// Tells the client when the device has got a network (CONFIG_NET_CONNECTION_MANAGER), so that it does not sit out a back-off that began
// without one.
#include <zephyr/init.h>
#include <zephyr/net/conn_mgr_monitor.h>
#include <zephyr/net/net_event.h>
#include <zephyr/net/net_mgmt.h>

#include "client_state.hpp"

namespace {

net_mgmt_event_callback callback;

void on_event(net_mgmt_event_callback*, std::uint64_t event, net_if*) {
  if (event == NET_EVENT_L4_CONNECTED) qeaas::device::network_is_up();
}

int watch_network() {
  net_mgmt_init_event_callback(&callback, on_event, NET_EVENT_L4_CONNECTED);
  net_mgmt_add_event_callback(&callback);
  return 0;
}

SYS_INIT(watch_network, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);

}  // namespace
