// SPDX-License-Identifier: GPL-3.0-or-later
// CoAPS over sessions of its own, and what each phase costs: a whole handshake, requests on the open session, one after sleep with another
// address (by the connection ID), a session by ticket, a session by a pre-shared key.
#include <array>
#include <string_view>

#include <zephyr/net/socket.h>

#include "dtls.hpp"
#include "measure.hpp"
#include "request.hpp"
#include "roots.hpp"

using namespace qeaas::device;

namespace {

constexpr int kSeconds = 120;  // on a busy host the emulated clock goes on while the server waits for the processor

// The characters are the key: it is made for each build, and good for nothing but this.
constexpr std::string_view kPskKey = CONFIG_FOOTPRINT_PSK_KEY;

DtlsSession session;

k_timepoint_t soon() { return sys_timepoint_calc(K_SECONDS(kSeconds)); }

sockaddr_in server() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(CONFIG_FOOTPRINT_PORT);
  zsock_inet_pton(AF_INET, CONFIG_FOOTPRINT_SERVER, &address.sin_addr);
  return address;
}

Traffic traffic() {
  const auto& report = session.report();
  return {report.datagrams_sent, report.datagrams_received, report.bytes_sent, report.bytes_received};
}

int request() {
  std::array<std::uint8_t, 128> answer;
  if (const int sent = session.send(next_request(), soon()); sent != 0) return sent;
  const int size = session.receive(answer, soon());
  if (size < 0) return size;
  return size > 1 && answer[1] == kContent ? 0 : failure(DeviceError::bad_answer);
}

void print_heap(const char* phase) {
  print_figure(phase, "heap_peak", dtls_heap_use().peak);
  print_figure(phase, "heap_used", dtls_heap_use().used);
  dtls_heap_reset_peak();
}

int requests(const char* name, unsigned times = 1, bool moved = false) {
  Phase phase(name, traffic());
  if (const int result = moved ? session.rebind() : 0; result != 0) return result;
  for (unsigned i = 0; i < times; ++i)
    if (const int result = request(); result != 0) return result;
  phase.stop();
  phase.print(traffic(), times);
  print_heap(name);
  return 0;
}

int handshake(const char* name, const DtlsConfig& config) {
  const auto address = server();
  Phase phase(name);
  const int result = session.open(reinterpret_cast<const sockaddr*>(&address), sizeof(address), config, soon());
  phase.stop();
  const auto& report = session.report();
  if (result != 0) {
    print_text("error", text(result));
    print_figure(name, "alert", report.alert);
    print_figure(name, "wolfssl_error_negated", static_cast<std::uint64_t>(-report.wolfssl_error));
    return result;
  }
  phase.print(traffic());
  print_figure(name, "flights", report.flights);
  print_figure(name, "repetitions", report.retransmissions);
  print_figure(name, "verified", report.verified);
  print_figure(name, "resumed", report.resumed);
  print_figure(name, "psk", report.psk);
  print_heap(name);
  return 0;
}

int by_ticket(const DtlsConfig& config) {
  if (const int result = handshake("ticket", config); result != 0) return result;
  return requests("ticket_request");
}

int by_psk(DtlsConfig config) {
  session.forget_ticket();
  config.roots = {};
  config.psk_identity = CONFIG_FOOTPRINT_PSK_IDENTITY;
  config.psk_key = {reinterpret_cast<const std::uint8_t*>(kPskKey.data()), kPskKey.size()};
  if (const int result = handshake("psk", config); result != 0) return result;
  return requests("psk_request");
}

}  // namespace

int run_client() {
  DtlsConfig config;
  config.roots = kRoots;
  config.server_name = CONFIG_FOOTPRINT_SERVER;
  config.floor_date = kBuildDate;
  config.first_timeout_ms = config.longest_timeout_ms = 30000;  // a repetition would be counted, and nothing is lost on loopback
  if (const int result = handshake("handshake", config); result != 0) return result;
  print_text("group", name(session.report().group));
  print_text("signature", name(session.report().signature));
  if (const int result = requests("first_request"); result != 0) return result;
  if (const int result = requests("request", kRequestsOfARun); result != 0) return result;
  if (const int result = requests("moved_request", 1, true); result != 0) return result;
  session.close();
  print_figure("closed", "heap_used", dtls_heap_use().used);
  if (const int result = by_ticket(config); result != 0) return result;
  session.close();
  if (const int result = by_psk(config); result != 0) return result;
  session.close();
  return 0;
}
