// SPDX-License-Identifier: GPL-3.0-or-later
// Shell commands: qeaas status, fetch, servers, draw. Random bytes are never printed.
#include <zephyr/shell/shell.h>

#include <array>

#include <qeaas/client.h>
#include <qeaas/entropy.h>

#include "client_state.hpp"
#include "crypto/blake2s.hpp"

namespace {

using namespace qeaas::device;

constexpr int kFetchPatienceSeconds = 300;
constexpr std::size_t kMostDrawn = 256;

const char* yes_no(bool yes) { return yes ? "yes" : "no"; }

void print_pool(const shell* out) {
  struct qeaas_pool_status pool {};
  if (qeaas_pool_status(client_pool(), &pool) != 0) {
    shell_error(out, "no pool");
    return;
  }
  shell_print(out, "pool: seeded=%s wants_refill=%s level=%u pending=%u bits reseeds=%u extracted=%u injected=%u bytes refused=%u",
              yes_no(pool.seeded), yes_no(pool.wants_refill), pool.level_bits, pool.pending_bits, pool.reseeds, pool.extracted_bytes,
              pool.injected_bytes, pool.refused);
}

void print_client(const shell* out) {
  struct qeaas_client_status client {};
  qeaas_client_get_status(&client);
  shell_print(out, "client: fetches=%u failures=%u sessions=%u moves=%u mixed=%u bytes credited=%u bits", client.fetches, client.failures,
              client.sessions, client.moves, client.mixed_bytes, client.credited_bits);
  const auto wait_ms = client.next_try_ms - k_uptime_get();
  if (client.last_result < 0) shell_print(out, "last attempt: %s", qeaas_client_text(client.last_result));
  if (client.next_try_ms != 0) shell_print(out, "next attempt: in %d s", wait_ms > 0 ? static_cast<int>(wait_ms / 1000) : 0);
}

void print_session(const shell* out) {
  LinkReport report;
  ServerList servers;
  copy_state(report, servers);
  for (std::size_t i = 0; i < servers.count; ++i) {
    const auto& server = servers.servers[i];
    shell_print(out, "server %u: %s port %u as %s", static_cast<unsigned>(i), server.host.data(), server.port, server.name.data());
  }
  if (servers.count == 0) shell_print(out, "no server: set CONFIG_QEAAS_CLIENT_SERVERS, or say: qeaas servers HOST:PORT");
  shell_print(out, "session: open=%s dtls=%s group=%s signature=%s verified=%s psk=%s resumed=%s dates=%s cid=%s", yes_no(report.open),
              yes_no(report.protected_), report.group, report.signature, yes_no(report.verified), yes_no(report.psk),
              yes_no(report.resumed), report.dates, yes_no(report.cid));
  shell_print(out, "heap: used=%u peak=%u size=%u bytes", report.heap_used, report.heap_peak, report.heap_bytes);
  shell_print(out, "datagrams: sent=%u received=%u bytes_sent=%u bytes_received=%u", report.datagrams_sent, report.datagrams_received,
              report.bytes_sent, report.bytes_received);
}

int command_status(const shell* out, size_t, char**) {
  print_pool(out);
  print_client(out);
  print_session(out);
  return 0;
}

int command_fetch(const shell* out, size_t, char**) {
  const auto result = qeaas_client_fetch(K_SECONDS(kFetchPatienceSeconds));
  if (result >= 0) {
    shell_print(out, "fetched %d bytes", result);
    return 0;
  }
  shell_error(out, "fetch failed: %s", result == -EAGAIN ? "still trying" : qeaas_client_text(result));
  return -EIO;
}

int command_servers(const shell* out, size_t count, char** words) {
  if (count > 1 && qeaas_client_set_servers(words[1]) != 0) {
    shell_error(out, "not a list of servers: '%s'. Say for example \"192.0.2.1:5684,qrng.example.org\"", words[1]);
    return -EINVAL;
  }
  return 0;
}

int command_draw(const shell* out, size_t count, char** words) {
  int error = 0;
  const auto wanted = count > 1 ? shell_strtoul(words[1], 10, &error) : 32;
  if (error != 0 || wanted < 1 || wanted > kMostDrawn) {
    shell_error(out, "draw takes a number from 1 to %u", static_cast<unsigned>(kMostDrawn));
    return -EINVAL;
  }
  std::array<std::uint8_t, kMostDrawn> bytes;
  const auto result = entropy_get_entropy(client_pool(), bytes.data(), static_cast<std::uint16_t>(wanted));
  qeaas::erase(bytes);
  if (result != 0) {
    shell_error(out, "draw failed: %d%s", result, result == -EAGAIN ? " (the pool has not been seeded yet)" : "");
    return result;
  }
  shell_print(out, "drew %u bytes", static_cast<unsigned>(wanted));
  return 0;
}

SHELL_STATIC_SUBCMD_SET_CREATE(commands, SHELL_CMD_ARG(status, NULL, "the pool, the client, its session", command_status, 1, 0),
                               SHELL_CMD_ARG(fetch, NULL, "fetch now", command_fetch, 1, 0),
                               SHELL_CMD_ARG(servers, NULL, "LIST: ask these until the next start", command_servers, 2, 0),
                               SHELL_CMD_ARG(draw, NULL, "[N]: take N bytes out of the pool, and show none", command_draw, 1, 1),
                               SHELL_SUBCMD_SET_END);
SHELL_CMD_REGISTER(qeaas, &commands, "entropy from outside", NULL);

}  // namespace
