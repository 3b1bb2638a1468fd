// SPDX-License-Identifier: GPL-3.0-or-later
// From configuration to the parts of the daemon: sources, service options, DTLS options. No part is started here.
#pragma once

#include <filesystem>

#include "client/key_store.hpp"
#include "config.hpp"
#include "http/server.hpp"
#include "forwarder.hpp"
#include "net/dtls_server.hpp"
#include "seams.hpp"
#include "service/options.hpp"

namespace qeaas {

// make_sources makes the configured sources, or those that the machine has when none are named. Fails when there is none.
Outcome<std::vector<SourceSetup>> make_sources(const Config& config);
Outcome<ServiceOptions> service_options(const Config& config, const std::filesystem::path& state, std::size_t workers);
// certificate_algorithms are those of the certificates that the configuration asks for, in order of preference: which keys are needed.
Outcome<std::vector<SignatureAlgorithm>> certificate_algorithms(const TlsConfig& config);
// tls_context_options takes the keys that the configuration asks for out of the key store; transport tells [coaps] from [https].
Outcome<TlsContextOptions> tls_context_options(const TlsConfig& config, Transport transport, ServerKeys keys);
DtlsServerOptions dtls_server_options(const CoapsConfig& config, std::size_t worker, std::size_t workers);
// proxy_options: own_ports are where our own HTTP listens, from which nothing is cached.
Outcome<ProxyOptions> proxy_options(const ProxyConfig& config, std::vector<std::uint16_t> own_ports);
http::Features http_features(const HttpConfig& config) noexcept;
http::ServerOptions http_server_options(const Config& config, std::size_t workers) noexcept;
AddressRates address_rates(const LimitsConfig& limits) noexcept;
access::Quota default_quota(const LimitsConfig& limits) noexcept;

}  // namespace qeaas
