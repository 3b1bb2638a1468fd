// SPDX-License-Identifier: GPL-3.0-or-later
// A network and a clock for tests: one DTLS server and any number of clients, datagrams that are lost, doubled and reordered by a
// seeded generator, time that passes only when nothing else is to do.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <random>

#include "crypto/random.hpp"
#include "net/dtls_client.hpp"
#include "net/dtls_server.hpp"
#include "net/groups.hpp"

namespace qeaas::testing_net {

struct Weather {
  double loss = 0;
  double doubled = 0;
  double late = 0;  // delivered 1 to 80 ms later than the rest
};

struct Identities : IdentityResolver {
  std::map<std::string, std::pair<std::uint64_t, std::vector<std::uint8_t>>, std::less<>> psks;
  std::map<SpkiHash, std::uint64_t> keys;
  std::map<SpkiHash, std::uint64_t> raw_keys;
  std::uint64_t disabled = ~0ULL;
  std::optional<Psk> psk(std::string_view identity, std::span<std::uint8_t, kMaxPskBytes> key) noexcept override {
    const auto found = psks.find(identity);
    if (found == psks.end()) return std::nullopt;
    std::copy(found->second.second.begin(), found->second.second.end(), key.begin());
    return Psk{found->second.first, found->second.second.size()};
  }
  std::uint64_t by_key(const SpkiHash& spki, KeyForm form) noexcept override {
    const auto& listed = form == KeyForm::raw ? raw_keys : keys;
    const auto found = listed.find(spki);
    return found == listed.end() ? kAnonymous : found->second;
  }
  bool enabled(std::uint64_t identity) noexcept override { return identity != disabled; }
};

// Authority makes the roots and leaves of a test once; keys are generated, never checked in.
struct Authority {
  struct Pair {
    KeyPair ca_key;
    Der root;
    Der leaf;
    SecretBytes leaf_key;
  };
  static Pair make(SignatureAlgorithm algorithm, bool server = true) {
    auto ca_key = make_key_pair(algorithm).value();
    auto key = make_key_pair(algorithm).value();
    auto root = make_root(ca_key, "test root", 10).value();
    auto leaf = make_leaf(key, {"test", {"localhost", "127.0.0.1"}, 5, server}, ca_key, root).value();
    return {std::move(ca_key), std::move(root), std::move(leaf), handshake_key(key).value()};
  }
  std::vector<Credential> credentials(std::initializer_list<SignatureAlgorithm> algorithms) const {
    std::vector<Credential> all;
    for (const auto algorithm : algorithms) all.push_back(credential(of(algorithm)));
    return all;
  }
  static Credential credential(const Pair& pair) { return {pair.leaf, SecretBytes(pair.leaf_key.span())}; }
  const Pair& of(SignatureAlgorithm algorithm) const {
    switch (algorithm) {
      case SignatureAlgorithm::ml_dsa_44: return ml_dsa;
      case SignatureAlgorithm::ml_dsa_65: return ml_dsa_65;
      case SignatureAlgorithm::ml_dsa_87: return ml_dsa_87;
      case SignatureAlgorithm::ecdsa_p256: break;
    }
    return p256;
  }
  std::vector<Der> roots() const { return {ml_dsa.root, p256.root, ml_dsa_65.root, ml_dsa_87.root}; }

  Pair ml_dsa = make(SignatureAlgorithm::ml_dsa_44);
  Pair p256 = make(SignatureAlgorithm::ecdsa_p256);
  Pair ml_dsa_65 = make(SignatureAlgorithm::ml_dsa_65);
  Pair ml_dsa_87 = make(SignatureAlgorithm::ml_dsa_87);
};

inline Authority& authority() {
  static Authority one = [] {
    static_cast<void>(initialise_crypto(os_seed));
    return Authority();
  }();
  return one;
}

class Network : public DatagramSink, public DtlsServer::Handler {
 public:
  struct Host {
    Address address;
    std::unique_ptr<DtlsClient> client;
    std::vector<std::string> received;
  };
  struct Packet {
    Address from;
    Address to;
    std::vector<std::uint8_t> bytes;
  };

  explicit Network(std::uint32_t seed = 1, Weather weather_now = {}) : weather(weather_now), dice_(seed) {
    resolver = std::make_shared<Identities>();
    tickets = std::make_shared<TicketKeys>(1h, 2h);
    offer({SignatureAlgorithm::ml_dsa_44, SignatureAlgorithm::ecdsa_p256});
    context_options.groups = parse_groups(std::vector<std::string>{"MLKEM512", "X25519MLKEM768", "P-256", "X25519"}, false).value();
  }
  ~Network() override {
    observer = nullptr;  // they may look at what the test has let go of
    closing_hook = nullptr;
    server.reset();
  }

  // offer gives the server these certificates, in this order, before start.
  void offer(std::initializer_list<SignatureAlgorithm> algorithms) { context_options.credentials = authority().credentials(algorithms); }

  Outcome<void> start() {
    auto context = TlsContext::make(std::move(context_options), tickets, resolver);
    if (!context) return tl::unexpected(context.error());
    server = std::make_unique<DtlsServer>(*context, server_options, *this, *this);
    return {};
  }

  DtlsClientOptions client_options(std::string group = "MLKEM512") const {
    DtlsClientOptions options;
    options.server_name = "localhost";
    options.groups = parse_groups(std::vector<std::string>{std::move(group)}, false).value();
    options.roots = authority().roots();
    return options;
  }

  Host& add(DtlsClientOptions options, const std::string& address = "") {
    auto& host = *hosts_.emplace_back(std::make_unique<Host>());
    host.address = Address::parse(address.empty() ? "10.0.0.1:" + std::to_string(1000 + hosts_.size()) : address).value();
    host.client = DtlsClient::make(
                      std::move(options), [this, &host](Bytes bytes) { transmit(host.address, server_address, bytes); },
                      [&host](Bytes bytes) { host.received.emplace_back(bytes.begin(), bytes.end()); })
                      .value();
    host.client->start(now);
    return host;
  }

  // run lets time pass until done says so or limit has passed; true when done.
  template <class Done>
  bool run(Done&& done, Clock::duration limit = 60s) {
    const auto end = now + limit;
    while (!done()) {
      if (now > end) return false;
      if (!in_flight_.empty() && in_flight_.begin()->first <= now) {
        const auto packet = std::move(in_flight_.begin()->second);
        in_flight_.erase(in_flight_.begin());
        deliver(packet);
        continue;
      }
      now += 1ms;
      server->on_timer(now);
      for (auto& host : hosts_)
        if (host->client) host->client->on_timer(now);
    }
    return true;
  }
  bool run_until_settled(const Host& host) {
    return run([&] { return host.client->state() != DtlsClient::State::handshaking; }) &&
           host.client->state() == DtlsClient::State::established;
  }
  void pass(Clock::duration time) {
    const auto end = now + time;
    run([&] { return now >= end; }, time + 1s);
  }

  void transmit(const Address& from, const Address& to, Bytes bytes) {
    if (observer) observer({from, to, {bytes.begin(), bytes.end()}});
    const auto chance = [this](double probability) { return std::uniform_real_distribution<>(0, 1)(dice_) < probability; };
    const int copies = chance(weather.loss) ? 0 : chance(weather.doubled) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      const auto delay = chance(weather.late) ? Clock::duration(std::chrono::milliseconds(std::uniform_int_distribution<>(1, 80)(dice_)))
                                              : Clock::duration(1ms);
      in_flight_.emplace(now + delay, Packet{from, to, {bytes.begin(), bytes.end()}});
    }
  }

  // DatagramSink and Handler of the server: it echoes every message.
  void send(const Address& to, Bytes datagram) noexcept override { transmit(server_address, to, datagram); }
  bool admit(const Address& /*from*/, TimePoint /*now*/) noexcept override { return admitting; }
  void on_open(DtlsSession& session, TimePoint /*now*/) noexcept override {
    ++opened;
    last_identity = session.identity;
    last_session = &session;
  }
  void on_data(DtlsSession& session, Bytes data, TimePoint /*now*/) noexcept override {
    ++messages;
    static_cast<void>(server->send(session, data));
  }
  void on_close(DtlsSession& session) noexcept override {
    ++closed;
    if (closing_hook) closing_hook(session);
    if (last_session == &session) last_session = nullptr;
  }

  TimePoint now{1000s};
  Weather weather;
  TlsContextOptions context_options;
  DtlsServerOptions server_options;
  std::shared_ptr<Identities> resolver;
  std::shared_ptr<TicketKeys> tickets;
  std::unique_ptr<DtlsServer> server;
  Address server_address = Address::parse("127.0.0.1:5684").value();
  std::function<void(const Packet&)> observer;
  std::function<void(DtlsSession&)> closing_hook;
  bool admitting = true;
  int opened = 0;
  int closed = 0;
  int messages = 0;
  std::uint64_t last_identity = 0;
  DtlsSession* last_session = nullptr;

 private:
  void deliver(const Packet& packet) {
    if (packet.to == server_address) {
      server->on_datagram(packet.from, packet.bytes, now);
      return;
    }
    for (auto& host : hosts_)
      if (host->client && host->address == packet.to) host->client->on_datagram(packet.bytes, now);
  }
  std::mt19937 dice_;
  std::multimap<TimePoint, Packet> in_flight_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace qeaas::testing_net
