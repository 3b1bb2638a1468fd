// SPDX-License-Identifier: GPL-3.0-or-later
// The DTLS server's datagram path, as an attacker without any key sees it. The input is a script: each step is one byte of address, two
// of length and a datagram, some of them mutated copies of the hellos of an honest client. Properties:
//  - no script crashes it or leaks;
//  - without a valid cookie there is never a session: random bytes cannot make one;
//  - the honest client's session, established before, still answers at the end, and has not moved.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "net/test_network.hpp"

namespace {

using namespace qeaas;
using namespace qeaas::testing_net;

void require(bool condition) {
  if (!condition) std::abort();
}

// World is one honest client with an open session; it lives for the whole run, since the property is that it outlives everything.
struct World {
  World() {
    net.observer = [this](const Network::Packet& packet) {
      if (packet.to == net.server_address) seen.push_back(packet.bytes);
    };
    require(net.start().has_value());
    host = &net.add(net.client_options());
    require(net.run_until_settled(*host));
    net.pass(1s);
    net.observer = nullptr;
  }
  Network net;
  Network::Host* host;
  std::vector<std::vector<std::uint8_t>> seen;
};

std::vector<std::uint8_t> datagram_of(const World& world, std::uint8_t kind, Bytes raw) {
  std::vector<std::uint8_t> bytes(raw.begin(), raw.end());
  if (kind % 3 == 0) return bytes;
  auto base = world.seen[kind % world.seen.size()];
  for (std::size_t i = 0; i + 2 < bytes.size() && !base.empty(); i += 3)
    base[(bytes[i] * 256U + bytes[i + 1]) % base.size()] = bytes[i + 2];
  if (kind % 5 == 0 && !bytes.empty()) base.resize(std::min<std::size_t>(base.size(), bytes[0] * 8U));
  return base;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  auto& net = world.net;
  Bytes rest(data, size);
  const auto peer = net.last_session->peer;
  while (rest.size() >= 3) {
    const auto kind = rest[0];
    const std::size_t length = std::min<std::size_t>(rest[1] * 8U + rest[2] % 8U, rest.size() - 3);
    const auto datagram = datagram_of(world, kind, rest.subspan(3, length));
    rest = rest.subspan(3 + length);
    auto from = Address::parse("192.0.2.7:1000").value();
    from.set_port(static_cast<std::uint16_t>(1000 + kind));
    net.server->on_datagram(kind >= 250 ? peer : from, datagram, net.now);
  }
  net.now += 10ms;
  net.server->on_timer(net.now);
  require(net.last_session != nullptr && net.last_session->peer == peer);
  require(net.server->counters().moved == 0);
  world.host->received.clear();
  require(world.host->client->send(Bytes(reinterpret_cast<const std::uint8_t*>("ping"), 4)).has_value());
  require(net.run([&] { return !world.host->received.empty(); }, 5s) && world.host->received.front() == "ping");
  return 0;
}
