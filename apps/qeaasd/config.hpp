// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration of qeaasd: plain values with the built-in defaults as initialisers, and the functions that read them from
// TOML. Every key is described once, in config_keys.cpp; validation, the default file and the documentation come from there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace qeaas {

struct ServerConfig {
  std::string state;                // folder; empty: base/file.hpp's state_folder
  std::uint64_t workers = 0;        // 0: one a core
  std::string log_level = "info";   // debug | info | warning | error
  std::string log_format = "text";  // text | json
  std::uint64_t drain_seconds = 10;
  friend bool operator==(const ServerConfig&, const ServerConfig&) = default;
};

struct ServiceConfig {
  std::string policy = "combine";  // combine | least_loaded | failover
  std::uint64_t min_sources = 1;
  std::uint64_t reservoir_blocks = 2048;  // a power of two
  std::string conditioner = "sha256";     // sha256 | toeplitz
  std::uint64_t drbg_reseed_bytes = 1'048'576;
  std::uint64_t drbg_reseed_seconds = 60;
  friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;
};

// SourceEntry is one [[source]]. Which keys belong to which type stands in config_keys.cpp; what is empty was not given, and the
// type's own value holds.
struct SourceEntry {
  std::string id;
  std::string type;  // device | rdseed | jitter | os | process | remote | photon | replay
  std::string path;
  std::vector<std::string> argv;
  std::string url;
  std::string entropy_type;
  std::string ca_file;
  std::string token_file;
  std::optional<bool> trust_far_end;
  std::optional<double> timeout_seconds;
  std::string kind;  // quantum | physical | os
  std::optional<std::uint64_t> sample_bits;
  std::optional<double> min_entropy;  // bits a sample
  std::optional<bool> conditioned;
  std::optional<bool> contribute;
  std::string fault;  // none | stuck | bias | drift | lag | period | slow | vanish
  std::optional<std::uint64_t> fault_onset_samples;
  std::optional<double> fault_magnitude;
  std::optional<double> mean_counts;
  std::optional<double> dark_counts;
  std::optional<double> dead_time;
  std::optional<std::uint64_t> seed;
  std::optional<bool> loop;
  friend bool operator==(const SourceEntry&, const SourceEntry&) = default;
};

// TlsConfig is what DTLS and TLS have in common.
struct TlsConfig {
  bool enabled = true;
  std::vector<std::string> listen;
  std::vector<std::string> groups;
  bool pq_only = false;  // effective_groups applies it
  std::vector<std::string> certificates{"ML-DSA-44", "P-256"};
  std::vector<std::string> client_auth{"none"};  // none | psk | certificate | raw_public_key
  std::string client_ca;
  std::uint64_t handshake_timeout_seconds = 10;
  bool tickets = true;
  std::uint64_t ticket_lifetime_seconds = 86'400;
  std::uint64_t ticket_rotation_seconds = 3600;
  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

struct CoapsConfig : TlsConfig {
  CoapsConfig() {
    listen = {"127.0.0.1:5684", "[::1]:5684"};
    groups = {"MLKEM512", "X25519MLKEM768", "P-256", "X25519"};
    handshake_timeout_seconds = 30;
  }
  std::uint64_t mtu = 1280;
  std::uint64_t max_sessions = 10'000;  // in the whole process
  std::uint64_t idle_timeout_seconds = 3600;
  bool connection_id = true;
  std::uint64_t cookie_rotation_seconds = 60;
  friend bool operator==(const CoapsConfig&, const CoapsConfig&) = default;
};

struct CoapConfig {
  bool enabled = false;
  std::vector<std::string> listen{"127.0.0.1:5683"};
  friend bool operator==(const CoapConfig&, const CoapConfig&) = default;
};

struct HttpConfig {
  bool enabled = true;
  std::vector<std::string> listen{"127.0.0.1:6065", "[::1]:6065"};
  bool dashboard = true;
  bool pollen = false;
  bool anu = false;
  bool qrypt = false;
  std::uint64_t max_connections = 8192;  // in the whole process, on each address that is listened on
  std::uint64_t max_connections_per_address = 1024;
  std::uint64_t request_timeout_seconds = 10;
  std::uint64_t idle_timeout_seconds = 60;
  std::uint64_t stall_timeout_seconds = 30;
  friend bool operator==(const HttpConfig&, const HttpConfig&) = default;
};

struct HttpsConfig : TlsConfig {
  HttpsConfig() {
    listen = {"127.0.0.1:6066", "[::1]:6066"};
    groups = {"X25519MLKEM768", "MLKEM512", "P-256", "X25519"};
  }
  friend bool operator==(const HttpsConfig&, const HttpsConfig&) = default;
};

struct ProxyConfig {
  bool enabled = true;
  std::vector<std::string> origins{"http://127.0.0.1:6065"};
  bool plain_coap = false;
  std::uint64_t max_body_bytes = 65'536;
  std::uint64_t timeout_seconds = 10;
  std::uint64_t max_concurrent = 16;      // in each worker
  std::uint64_t cache_bytes = 1'048'576;  // in each worker
  std::string ca_file;
  friend bool operator==(const ProxyConfig&, const ProxyConfig&) = default;
};

struct LocalConfig {
  bool enabled = true;
  std::string path;  // empty: the default place, local/place.hpp
  std::string mode = "0660";
  std::vector<std::string> groups;
  std::uint64_t max_connections = 64;
  std::string identity;  // empty: no quota
  friend bool operator==(const LocalConfig&, const LocalConfig&) = default;
};

struct LimitsConfig {  // 0 everywhere: unlimited
  std::uint64_t address_bytes_per_second = 0;
  std::uint64_t address_burst_bytes = 0;
  std::uint64_t address_handshakes_per_second = 0;
  std::uint64_t identity_bytes_per_second = 0;
  std::uint64_t identity_burst_bytes = 0;
  std::uint64_t identity_bytes_per_day = 0;
  friend bool operator==(const LimitsConfig&, const LimitsConfig&) = default;
};

struct Config {
  ServerConfig server;
  ServiceConfig service;
  std::vector<SourceEntry> sources;  // empty: every physical source that the machine has
  CoapsConfig coaps;
  CoapConfig coap;
  HttpConfig http;
  HttpsConfig https;
  ProxyConfig proxy;
  LocalConfig local;
  LimitsConfig limits;
  std::string origin = "built-in defaults";  // the file, for log lines
  std::vector<std::string> warnings;         // what is allowed but worth saying; the daemon logs them
};

// parse_config reads TOML text. Its fault lists every mistake, one a line, as "name:line:column: key: what is wrong; what is allowed".
Outcome<Config> parse_config(std::string_view text, const std::string& name);
Outcome<Config> load_config(const std::filesystem::path& path);

// config_path searches: the argument if not empty (it need not exist: then loading it fails), $XDG_CONFIG_HOME/qeaas/qeaasd.toml
// ($XDG_CONFIG_HOME defaults to ~/.config), /etc/qeaas/qeaasd.toml. Empty: none, use the defaults.
std::filesystem::path config_path(const std::string& argument);
// find_config does both: search, then load or give the defaults.
Outcome<Config> find_config(const std::string& argument);

// default_config_text is a commented file of every key; it parses to Config{}.
std::string default_config_text();
// config_markdown is docs/configuration.md, from the same table.
std::string config_markdown();

// Listen is one address to listen on: an IP literal and a port (0: the system chooses one).
struct Listen {
  std::string host;  // without brackets
  std::uint16_t port = 0;
  bool ipv6 = false;
  bool loopback = false;
};
// parse_listen takes "127.0.0.1:5684" and "[::1]:5684"; malformed otherwise (names are not resolved).
Result<Listen> parse_listen(std::string_view text);

bool is_post_quantum(std::string_view group) noexcept;
// effective_groups is groups in order, without the classical ones when pq_only is set.
std::vector<std::string> effective_groups(const std::vector<std::string>& groups, bool pq_only);

}  // namespace qeaas
