// SPDX-License-Identifier: GPL-3.0-or-later
// One CoAPS request over a session of its own, and what it cost.
#include <array>

#include <zephyr/net/socket.h>

#include "dtls.hpp"
#include "measure.hpp"
#include "request.hpp"
#include "roots.hpp"

using namespace qeaas::device;

namespace {

constexpr int kSeconds = 20;

DtlsSession session;

sockaddr_in server() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(CONFIG_FOOTPRINT_PORT);
  zsock_inet_pton(AF_INET, CONFIG_FOOTPRINT_SERVER, &address.sin_addr);
  return address;
}

int request() {
  std::array<std::uint8_t, 128> answer;
  if (const int sent = session.send(kRequest, sys_timepoint_calc(K_SECONDS(kSeconds))); sent != 0) return sent;
  const int size = session.receive(answer, sys_timepoint_calc(K_SECONDS(kSeconds)));
  if (size > 0) print_figure("answer_code", answer[1]);
  return size < 0 ? size : 0;
}

void print_report(const char* prefix) {
  const auto& report = session.report();
  char text_name[32];
  const auto print = [&](const char* what, std::uint64_t value) {
    snprintk(text_name, sizeof(text_name), "%s%s", prefix, what);
    print_figure(text_name, value);
  };
  print("datagrams_sent", report.datagrams_sent);
  print("datagrams_received", report.datagrams_received);
  print("bytes_sent", report.bytes_sent);
  print("bytes_received", report.bytes_received);
  print("flights", report.flights);
  print("repetitions", report.retransmissions);
  print("verified", report.verified);
  print("resumed", report.resumed);
}

int handshake(const DtlsConfig& config, const char* prefix) {
  const auto address = server();
  const auto before = own_cycles();
  const int result =
      session.open(reinterpret_cast<const sockaddr*>(&address), sizeof(address), config, sys_timepoint_calc(K_SECONDS(kSeconds)));
  const auto spent = own_cycles() - before;
  if (result != 0) {
    print_text("error", text(result));
    print_figure("alert", session.report().alert);
    print_figure("wolfssl_error_negated", -session.report().wolfssl_error);
    return result;
  }
  char name_text[32];
  snprintk(name_text, sizeof(name_text), "%shandshake_cycles", prefix);
  print_figure(name_text, spent);
  print_report(prefix);
  return 0;
}

}  // namespace

int run_client() {
  DtlsConfig config;
  config.roots = kRoots;
  config.server_name = CONFIG_FOOTPRINT_SERVER;
  config.floor_date = kBuildDate;
  if (const int result = handshake(config, ""); result != 0) return result;
  print_text("group", name(session.report().group));
  print_text("signature", name(session.report().signature));
  const auto opened = dtls_heap_use();
  const auto before = own_cycles();
  if (const int result = request(); result != 0) return result;
  print_figure("request_cycles", own_cycles() - before);
  print_figure("heap_peak", dtls_heap_use().peak);
  print_figure("heap_open", opened.used);
  session.close();
  print_figure("heap_closed", dtls_heap_use().used);
  if (!IS_ENABLED(CONFIG_FOOTPRINT_RESUME)) return 0;
  dtls_heap_reset_peak();
  if (const int result = handshake(config, "resumed_"); result != 0) return result;
  if (const int result = request(); result != 0) return result;
  print_figure("resumed_heap_peak", dtls_heap_use().peak);
  session.close();
  return 0;
}
