// SPDX-License-Identifier: GPL-3.0-or-later
// What must hold between keys, and what is allowed but deserves a warning.
#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "config_keys.hpp"
#include "config_report.hpp"
#include "wire/origin.hpp"

namespace qeaas::config {
namespace {

// The nearest place that is known: the key's, its section's, or the top of the file.
Place find_place(const Places& places, const std::string& path) {
  for (auto part = path; !part.empty(); part = part.substr(0, part.find('.') == std::string::npos ? 0 : part.rfind('.'))) {
    if (const auto found = places.find(part); found != places.end()) return found->second;
  }
  return {};
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

class Checker {
 public:
  Checker(Config& config, const Places& places, Report& report) : config_(config), places_(places), report_(report) {}

  void sources() {
    std::set<std::string> ids;
    for (std::size_t i = 0; i < config_.sources.size(); ++i) {
      const auto& entry = config_.sources[i];
      const auto path = "source." + std::to_string(i);
      if (!entry.id.empty() && !ids.insert(entry.id).second)
        wrong(path + ".id", "source.id: " + toml_text(entry.id) + " is taken by an earlier source; allowed: a unique id", Error::in_use);
      source(entry, path);
    }
    if (config_.sources.size() > kMaxSourceEntries)
      wrong("source." + std::to_string(kMaxSourceEntries), "source: more than 16 sources; allowed: at most 16");
    if (!config_.sources.empty() && config_.service.min_sources > config_.sources.size())
      wrong("service.min_sources", "service.min_sources: " + std::to_string(config_.service.min_sources) + " is more than the " +
                                       std::to_string(config_.sources.size()) +
                                       " sources of this file; allowed: at most as many as there are");
    if (!std::has_single_bit(config_.service.reservoir_blocks))
      wrong("service.reservoir_blocks", "service.reservoir_blocks: " + std::to_string(config_.service.reservoir_blocks) +
                                            " is no power of two; allowed: 16, 32, 64 ... 65536");
  }

  void tls(const TlsConfig& tls, const std::string& section) {
    const auto key = [&](std::string_view name) { return section + "." + std::string(name); };
    if (effective_groups(tls.groups, tls.pq_only).empty())
      wrong(key("pq_only"), key("pq_only") + ": no post-quantum group is left in " + key("groups") +
                                "; allowed: false, or a list with MLKEM512, MLKEM768, MLKEM1024, X25519MLKEM768 or SecP256r1MLKEM768");
    if (contains(tls.client_auth, "certificate") && tls.client_ca.empty())
      wrong(key("client_auth"),
            key("client_auth") + ": certificate needs " + key("client_ca") + ", the roots that client certificates are verified against");
    if (tls.tickets && tls.ticket_rotation_seconds > tls.ticket_lifetime_seconds)
      wrong(places_.contains(key("ticket_rotation_seconds")) ? key("ticket_rotation_seconds") : key("ticket_lifetime_seconds"),
            key("ticket_rotation_seconds") + ": " + std::to_string(tls.ticket_rotation_seconds) + " is more than " +
                key("ticket_lifetime_seconds") + "; allowed: at most " + std::to_string(tls.ticket_lifetime_seconds));
  }

  void listeners() {
    std::set<std::string> udp;
    std::set<std::string> tcp;
    const auto take = [&](std::set<std::string>& taken, const std::vector<std::string>& listen, const std::string& path) {
      for (const auto& address : listen) {
        const auto parsed = parse_listen(address);
        if (!parsed || parsed->port == 0) continue;  // the parser has complained already; the system chooses different ports
        if (!taken.insert(parsed->host + " " + std::to_string(parsed->port)).second)
          wrong(path, path + ": " + toml_text(address) + " is listened on already; allowed: different addresses or ports", Error::in_use);
      }
    };
    if (config_.coaps.enabled) take(udp, config_.coaps.listen, "coaps.listen");
    if (config_.coap.enabled) take(udp, config_.coap.listen, "coap.listen");
    if (config_.http.enabled) take(tcp, config_.http.listen, "http.listen");
    if (config_.https.enabled) take(tcp, config_.https.listen, "https.listen");
  }

  void proxy() {
    for (const auto& text : config_.proxy.origins) {
      const auto origin = parse_origin(text);
      if (!origin) continue;  // the parser has complained already
      if (stands_for_this_machine(origin->host))
        wrong("proxy.origins", "proxy.origins: " + toml_text(text) +
                                   " names this machine, and a name never leads here; allowed: the address, 127.0.0.1 or [::1]");
      const bool loopback = origin->kind != OriginHost::name && (origin->host.starts_with("127.") || origin->host == "::1");
      if (config_.proxy.enabled && !origin->secure && !loopback && !stands_for_this_machine(origin->host))
        warn("proxy.origins " + text +
             " is plain HTTP beyond this machine: whoever is on the path reads and changes the answers; use https");
    }
  }

  void local() {
    const auto& local = config_.local;
    if (!local.path.empty() && local.path.front() != '/')
      wrong("local.path", "local.path: " + toml_text(local.path) + " is no absolute path; allowed: a path such as /run/qeaas/entropy.sock",
            Error::malformed);
    if (local.enabled && !local.groups.empty() && local.max_connections < 2)
      wrong("local.max_connections",
            "local.max_connections: 1 leaves no place for members of local.groups, as one is kept for root and the "
            "server's user; allowed: at least 2 with groups");
    const bool shut = local.mode == "0600" ? !local.groups.empty() : local.mode == "0660" && local.groups.size() > 1;
    if (local.enabled && shut)
      warn("local.mode " + local.mode + " keeps out members of " +
           (local.mode == "0600" ? "local.groups" : "all but the first of local.groups") +
           "; with \"0666\" the system lets everybody connect, and the server still serves only those whom it should");
  }

  void limits() {
    const auto& limits = config_.limits;
    const auto needs = [&](std::uint64_t burst, std::uint64_t rate, const std::string& who) {
      const auto key = "limits." + who + "_burst_bytes";
      if (burst != 0 && rate == 0)
        wrong(key, key + ": it has no meaning without limits." + who + "_bytes_per_second; allowed: both or neither");
      if (burst != 0 && burst < kLargestAnswer) warn(key + " is below 65536: larger answers are refused however long a client waits");
    };
    needs(limits.address_burst_bytes, limits.address_bytes_per_second, "address");
    needs(limits.identity_burst_bytes, limits.identity_bytes_per_second, "identity");
  }

  void warnings() {
    for (const auto& address : config_.coap.listen) {
      const auto parsed = parse_listen(address);
      if (config_.coap.enabled && parsed && !parsed->loopback)
        warn("coap.listen " + address + " is plain CoAP beyond this machine: whoever is on the path reads the random bytes; use coaps");
    }
    for (const auto& address : config_.http.listen) {
      const auto parsed = parse_listen(address);
      if (config_.http.enabled && parsed && !parsed->loopback)
        warn("http.listen " + address +
             " is plain HTTP beyond this machine: whoever is on the path reads random bytes and tokens; use https");
    }
    for (const auto& entry : config_.sources) {
      if (entry.type == "photon" || entry.type == "replay")
        warn("source " + entry.id + " is simulated (" + entry.type + "): every answer that it takes part in says so; not for keys");
    }
    if (!config_.coaps.enabled && !config_.coap.enabled && !config_.http.enabled && !config_.https.enabled)
      warn("coaps, coap, http and https are all off: nobody can reach this server over the network");
  }

 private:
  static constexpr std::size_t kMaxSourceEntries = 16;  // base/provenance.hpp: kMaxSources
  static constexpr std::uint64_t kLargestAnswer = 65'536;

  void wrong(const std::string& path, std::string text, Error error = Error::out_of_range) {
    report_.add(find_place(places_, path), error, std::move(text));
  }
  void warn(std::string text) { config_.warnings.push_back(std::move(text)); }

  void source(const SourceEntry& entry, const std::string& path) {
    const bool bad_type = entry.type.empty() && places_.contains(path + ".type");
    if (!places_.contains(path + ".id")) wrong(path, "source.id: missing; every source needs an id");
    if (entry.type.empty()) {
      if (!bad_type) wrong(path, "source.type: missing; every source needs a type");
      return;
    }
    const auto required = [&](std::string_view type, const std::string& key) {
      if (entry.type == type && !places_.contains(path + "." + key))
        wrong(path, "source." + key + ": missing; a source of type " + entry.type + " needs it");
    };
    required("device", "path");
    required("replay", "path");
    required("process", "argv");
    required("remote", "url");
    for (const auto& key : keys()) {
      const auto where = path + "." + std::string(key.name);
      if (key.section != "source" || !places_.contains(where) || belongs_to(key, entry.type)) continue;
      wrong(where,
            "source." + std::string(key.name) + ": a source of type " + entry.type + " has no such key; allowed with: " + listed(key.types),
            Error::unsupported);
    }
    claims(entry, path);
  }

  void claims(const SourceEntry& entry, const std::string& path) {
    const auto bits = entry.sample_bits.value_or(8);
    if (entry.min_entropy && *entry.min_entropy > static_cast<double>(bits))
      wrong(path + ".min_entropy", "source.min_entropy: more than a sample of " + std::to_string(bits) +
                                       " bits can hold; allowed: at most " + std::to_string(bits));
  }

  Config& config_;
  const Places& places_;
  Report& report_;
};

}  // namespace

void check(Config& config, const Places& places, Report& report) {
  Checker checker(config, places, report);
  checker.sources();
  checker.tls(config.coaps, "coaps");
  checker.tls(config.https, "https");
  checker.listeners();
  checker.proxy();
  checker.local();
  checker.limits();
  checker.warnings();
}

}  // namespace qeaas::config
