// SPDX-License-Identifier: GPL-3.0-or-later
// From options to links.
#include "connection.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/decimal.hpp"
#include "base/file.hpp"
#include "client/credentials.hpp"
#include "client/key_store.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

constexpr unsigned kMaxTimeoutSeconds = 3600;
constexpr unsigned kMaxRetries = 100;

// Validators of CLI11 give what is wrong, or nothing.
std::string check_url(const std::string& url) {
  LinkOptions any;
  any.allow_plain = true;
  const auto link = ServerLink::make(url, std::move(any));
  return link ? "" : link.error().text;
}
std::string check_groups(const std::string& list) {
  const auto groups = read_groups(list);
  return groups ? "" : groups.error().text;
}
std::string check_signatures(const std::string& list) {
  const auto signatures = read_signatures(list);
  return signatures ? "" : signatures.error().text;
}
std::string check_psk(const std::string& argument) {
  const auto place = check_psk_place(argument);
  return place ? "" : place.error().text;
}

}  // namespace

void add_connection_options(CLI::App& command, ConnectionOptions& options, bool several_servers) {
  auto* from = command.add_option("--from", options.from,
                                  "server, as coaps://host[:port]" + std::string(several_servers ? "; may be given several times" : "") +
                                      " (default " + kDefaultServer + ")");
  from->type_name("URL")->allow_extra_args(false)->check(check_url);
  if (!several_servers) from->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  command
      .add_option("--ca", options.ca, "CA certificates to trust (default: $QEAAS_CA, ~/.config/qeaas/ca.pem, ca.pem of the state folder)")
      ->type_name("FILE");
  command.add_option("--psk", options.psk, "pre-shared key: identity, colon, file with 16 to 64 bytes in hexadecimal, mode 0600")
      ->type_name("ID:FILE")
      ->check(check_psk);
  command
      .add_option("--groups", options.groups,
                  "key-exchange groups in order of preference, separated by commas (default MLKEM512,X25519MLKEM768,P-256,X25519)")
      ->type_name("LIST")
      ->check(check_groups);
  command
      .add_option("--signatures", options.signatures,
                  "accept only a server that proves itself with one of these, its certificate's issuer included, separated by commas: "
                  "ML-DSA-44, ML-DSA-65, ML-DSA-87, P-256 (default: all)")
      ->type_name("LIST")
      ->check(check_signatures);
  command.add_option("--state", options.state, "state folder of a local server (default as for qeaasd)")->type_name("FOLDER");
  command.add_option("--timeout", options.timeout_seconds, "seconds to wait for the handshake and for each answer (default 15)")
      ->type_name("S")
      ->transform(whole_seconds)
      ->check(CLI::Range(1u, kMaxTimeoutSeconds));
  command.add_option("--retry", options.retries, "how often to ask again when the server says to wait, at most 10 s each time (default 2)")
      ->type_name("TIMES")
      ->check(CLI::Range(0u, kMaxRetries));
  command.add_flag("--insecure", options.insecure, "do not verify the server, and allow plain coap://; for tests only");
}

std::string whole_seconds(std::string text) {
  constexpr std::pair<char, std::uint64_t> kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  for (const auto& [letter, seconds] : kUnits) {
    if (!text.ends_with(letter)) continue;
    const auto count = decimal(std::string_view(text).substr(0, text.size() - 1));
    if (count && *count <= std::numeric_limits<std::uint32_t>::max()) return std::to_string(*count * seconds);
  }
  return text;
}

std::optional<std::filesystem::path> find_ca(const ConnectionOptions& options) {
  if (!options.ca.empty()) return options.ca;
  const char* named = std::getenv("QEAAS_CA");  // NOLINT(concurrency-mt-unsafe): one thread so far
  if (named != nullptr && *named != '\0') return named;
  std::error_code ignored;
  for (const auto& path : {home_folder() / ".config/qeaas/ca.pem", state_folder(options.state) / kCaFile})
    if (std::filesystem::exists(path, ignored)) return path;
  return std::nullopt;
}

Outcome<LinkOptions> link_options(const ConnectionOptions& options) {
  LinkOptions link;
  auto groups = read_groups(options.groups);
  if (!groups) return tl::unexpected(groups.error());
  link.groups = std::move(*groups);
  auto signatures = read_signatures(options.signatures);
  if (!signatures) return tl::unexpected(signatures.error());
  link.signatures = std::move(*signatures);
  if (!options.psk.empty()) {
    auto psk = read_psk(options.psk);
    if (!psk) return tl::unexpected(psk.error());
    link.psk = std::move(*psk);
  }
  link.verify = !options.insecure;
  link.allow_plain = options.insecure;
  link.timeout = std::chrono::seconds(options.timeout_seconds);
  link.retries = options.retries;
  if (options.insecure) {
    warn("--insecure: the server is not verified; whoever answers can read or choose every byte");
    return link;
  }
  if (const auto ca = find_ca(options)) {
    auto roots = read_roots(*ca);
    if (!roots) return tl::unexpected(roots.error());
    link.roots = std::move(*roots);
  }
  return link;
}

Outcome<std::vector<std::unique_ptr<ServerLink>>> make_links(const ConnectionOptions& options) {
  const auto base = link_options(options);
  if (!base) return tl::unexpected(base.error());
  std::vector<std::unique_ptr<ServerLink>> links;
  for (const auto& url : options.from.empty() ? std::vector<std::string>{kDefaultServer} : options.from) {
    auto link = ServerLink::make(url, base->duplicate());
    if (!link) return tl::unexpected(link.error());
    links.push_back(std::move(*link));
  }
  return links;
}

}  // namespace qeaas::cli
