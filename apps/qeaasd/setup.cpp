// SPDX-License-Identifier: GPL-3.0-or-later
// From configuration to the parts of the daemon.
#include "setup.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "net/groups.hpp"
#include "net/signatures.hpp"
#include "source/inventory.hpp"
#include "source/source_spec.hpp"

namespace qeaas {
namespace {

Outcome<PhotonFault> photon_fault(const SourceEntry& entry) {
  PhotonFault fault_setting;
  const auto kind = fault_kind(entry.fault);
  if (!kind) return fault(Error::unknown, "source '" + entry.id + "': fault '" + entry.fault + "' is not known");
  fault_setting.kind = *kind;
  if (entry.fault_onset_samples) fault_setting.onset_samples = *entry.fault_onset_samples;
  if (entry.fault_magnitude) fault_setting.magnitude = *entry.fault_magnitude;
  return fault_setting;
}

Outcome<SourceSpec> spec_of(const SourceEntry& entry) {
  SourceSpec spec;
  const auto type = source_type(entry.type);
  if (!type) return fault(Error::unknown, "source '" + entry.id + "': type '" + entry.type + "' is not known");
  spec.id = entry.id;
  spec.type = *type;
  spec.path = entry.path;
  spec.argv = entry.argv;
  spec.url = entry.url;
  spec.entropy_type = entry.entropy_type;
  spec.ca_file = entry.ca_file;
  spec.token_file = entry.token_file;
  spec.trust_far_end = entry.trust_far_end;
  if (entry.timeout_seconds) spec.timeout = std::chrono::milliseconds(static_cast<long long>(*entry.timeout_seconds * 1000));
  if (!entry.kind.empty()) spec.kind = source_kind(entry.kind);
  if (entry.sample_bits) spec.sample_bits = static_cast<unsigned>(*entry.sample_bits);
  spec.min_entropy = entry.min_entropy;
  spec.conditioned = entry.conditioned;
  if (!entry.fault.empty()) {
    const auto setting = photon_fault(entry);
    if (!setting) return tl::unexpected(setting.error());
    spec.fault = *setting;
  }
  spec.mean_counts = entry.mean_counts;
  spec.dark_counts = entry.dark_counts;
  spec.dead_time = entry.dead_time;
  spec.seed = entry.seed;
  spec.loop = entry.loop;
  return spec;
}

}  // namespace

Outcome<std::vector<SourceSetup>> make_sources(const Config& config) {
  std::vector<SourceSetup> setups;
  for (const auto& entry : config.sources) {
    const auto spec = spec_of(entry);
    if (!spec) return tl::unexpected(spec.error());
    auto source = make_source(*spec);
    if (!source) return tl::unexpected(source.error());
    // A device that is not there may come; a path that is no device will not, and waiting for it would hide the mistake.
    std::error_code code;
    if (spec->type == SourceType::device && std::filesystem::exists(spec->path, code) &&
        !std::filesystem::is_character_file(spec->path, code))
      return fault(Error::refused,
                   "source '" + spec->id + "': " + spec->path + " is not a character device; name a device such as /dev/qrandom0");
    setups.push_back({std::move(*source), entry.contribute.value_or(false)});
  }
  if (!config.sources.empty()) return setups;
  for (auto& source : physical_sources_of_this_machine()) setups.push_back({std::move(source), false});
  if (setups.empty())
    return fault(Error::not_found,
                 "this machine has no physical noise source (no /dev/qrandom0, no hardware generator, no RDSEED, no usable timer); "
                 "name one with [[source]] in the configuration");
  return setups;
}

Outcome<ServiceOptions> service_options(const Config& config, const std::filesystem::path& state, std::size_t workers) {
  ServiceOptions options;
  const auto chosen = policy(config.service.policy);
  const auto conditioner = conditioner_kind(config.service.conditioner);
  if (!chosen || !conditioner) return fault(Error::unknown, "[service] policy or conditioner is not known");
  options.policy = *chosen;
  options.conditioner = *conditioner;
  options.min_sources = config.service.min_sources;
  options.workers = workers;
  options.reservoir_blocks = config.service.reservoir_blocks;
  options.drbg_reseed_bytes = config.service.drbg_reseed_bytes;
  options.drbg_reseed_interval = std::chrono::seconds(config.service.drbg_reseed_seconds);
  options.state_folder = state;
  return options;
}

Outcome<std::vector<SignatureAlgorithm>> certificate_algorithms(const TlsConfig& config) { return parse_signatures(config.certificates); }

Outcome<TlsContextOptions> tls_context_options(const TlsConfig& config, Transport transport, ServerKeys keys) {
  TlsContextOptions options;
  options.transport = transport;
  options.section = transport == Transport::stream ? "https" : "coaps";
  if (transport == Transport::stream) options.alpn = "http/1.1";
  const auto wants = [](const std::vector<std::string>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  const auto algorithms = certificate_algorithms(config);
  if (!algorithms) return tl::unexpected(algorithms.error());
  for (const auto algorithm : *algorithms)
    if (auto* entry = keys.find(algorithm)) options.credentials.push_back(std::move(entry->leaf));
  auto groups = parse_groups(config.groups, config.pq_only);
  if (!groups) return tl::unexpected(groups.error());
  options.groups = std::move(*groups);
  options.clients.none = wants(config.client_auth, "none");
  options.clients.psk = wants(config.client_auth, "psk");
  options.clients.certificate = wants(config.client_auth, "certificate");
  options.clients.raw_public_key = wants(config.client_auth, "raw_public_key");
  options.tickets = config.tickets;
  options.ticket_lifetime_seconds = static_cast<std::uint32_t>(config.ticket_lifetime_seconds);
  if (config.client_ca.empty()) return options;
  const auto text = read_file(config.client_ca);
  if (!text) return tl::unexpected(text.error());
  auto roots = certificates_from_pem(text->span());
  if (!roots) return fault(Error::malformed, "[" + options.section + "] client_ca: " + config.client_ca + " holds no PEM certificate");
  options.clients.roots = std::move(*roots);
  return options;
}

DtlsServerOptions dtls_server_options(const CoapsConfig& config, std::size_t worker, std::size_t workers) {
  DtlsServerOptions options;
  options.worker = static_cast<std::uint8_t>(worker);
  options.path_mtu = config.mtu;
  options.max_sessions = std::max<std::size_t>(1, config.max_sessions / (workers * std::max<std::size_t>(1, config.listen.size())));
  options.idle_timeout = std::chrono::seconds(config.idle_timeout_seconds);
  options.handshake_timeout = std::chrono::seconds(config.handshake_timeout_seconds);
  options.cookie_rotation = std::chrono::seconds(config.cookie_rotation_seconds);
  options.connection_id = config.connection_id;
  return options;
}

Outcome<ProxyOptions> proxy_options(const ProxyConfig& config, std::vector<std::uint16_t> own_ports) {
  ProxyOptions options;
  std::vector<Origin> origins;
  for (const auto& text : config.origins) {
    auto origin = parse_origin(text);
    if (!origin) return fault(Error::malformed, "[proxy] origins: '" + text + "' is no origin; write it as http://127.0.0.1:6065");
    origins.push_back(std::move(*origin));
  }
  if (const auto readable = config.enabled && !config.ca_file.empty() ? read_file(config.ca_file) : Outcome<SecretBytes>(); !readable)
    return tl::unexpected(readable.error());
  options.enabled = config.enabled;
  options.plain = config.plain_coap;
  options.cache_bytes = config.cache_bytes;
  options.own_ports = std::move(own_ports);
  options.fetch.origins = OriginList(std::move(origins));
  options.fetch.max_body_bytes = config.max_body_bytes;
  options.fetch.timeout = std::chrono::seconds(config.timeout_seconds);
  options.fetch.connect_timeout = std::min(options.fetch.connect_timeout, options.fetch.timeout);
  options.fetch.max_concurrent = config.max_concurrent;
  options.fetch.ca_file = config.ca_file;
  return options;
}

http::Features http_features(const HttpConfig& config) noexcept {
  return {.dashboard = config.dashboard, .pollen = config.pollen, .anu = config.anu, .qrypt = config.qrypt};
}

http::ServerOptions http_server_options(const Config& config, std::size_t workers) noexcept {
  http::ServerOptions options;
  options.max_connections = std::max<std::size_t>(1, config.http.max_connections / workers);
  options.max_connections_per_address = config.http.max_connections_per_address;
  options.handshake_timeout = std::chrono::seconds(config.https.handshake_timeout_seconds);
  options.request_timeout = std::chrono::seconds(config.http.request_timeout_seconds);
  options.idle_timeout = std::chrono::seconds(config.http.idle_timeout_seconds);
  options.stall_timeout = std::chrono::seconds(config.http.stall_timeout_seconds);
  return options;
}

AddressRates address_rates(const LimitsConfig& limits) noexcept {
  return {access::Rate::of({limits.address_bytes_per_second, limits.address_burst_bytes, 0}),
          access::Rate(limits.address_handshakes_per_second, std::max<std::uint64_t>(limits.address_handshakes_per_second, 8))};
}

access::Quota default_quota(const LimitsConfig& limits) noexcept {
  return {limits.identity_bytes_per_second, limits.identity_burst_bytes, limits.identity_bytes_per_day};
}

}  // namespace qeaas
