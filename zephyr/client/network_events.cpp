// SPDX-License-Identifier: GPL-3.0-or-later
// Tells the client when the device has got a network (CONFIG_NET_CONNECTION_MANAGER), so that it does not sit out a back-off that began
// without one.
#include <zephyr/init.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/conn_mgr_monitor.h>
#include <zephyr/net/net_event.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/net_mgmt.h>

#include "client_state.hpp"

LOG_MODULE_DECLARE(qeaas_client, CONFIG_QEAAS_CLIENT_LOG_LEVEL);

namespace {

#if defined(CONFIG_NET_IPV4) && defined(CONFIG_NET_IPV6)
constexpr int kStates = MAX(CONFIG_NET_IF_MAX_IPV4_COUNT, CONFIG_NET_IF_MAX_IPV6_COUNT);
#elif defined(CONFIG_NET_IPV6)
constexpr int kStates = CONFIG_NET_IF_MAX_IPV6_COUNT;
#else
constexpr int kStates = CONFIG_NET_IF_MAX_IPV4_COUNT;
#endif

net_mgmt_event_callback callback;

// Event is 64 bits wide since Zephyr 4.2, and was 32 before.
template <typename Event>
void on_event(net_mgmt_event_callback*, Event event, net_if*) {
  if (event == NET_EVENT_L4_CONNECTED) qeaas::device::network_is_up();
}

// Zephyr's connection manager (4.3) keeps its state in an array of CONFIG_NET_IF_MAX_IPV4_COUNT entries and writes behind it when there
// are more interfaces. What stands there may be anybody's: with one variable of wolfSSL's ML-KEM every handshake fails.
void count_interfaces() {
  int count = 0;
  net_if_foreach([](net_if*, void* counted) { ++*static_cast<int*>(counted); }, &count);
  if (count > kStates)
    LOG_ERR("%d interfaces, but room for the state of %d: set CONFIG_NET_IF_MAX_IPV4_COUNT=%d, or memory is overwritten", count, kStates,
            count);
}

int watch_network() {
  count_interfaces();
  net_mgmt_init_event_callback(&callback, on_event, NET_EVENT_L4_CONNECTED);
  net_mgmt_add_event_callback(&callback);
  return 0;
}

SYS_INIT(watch_network, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);

}  // namespace
