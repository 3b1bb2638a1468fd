// SPDX-License-Identifier: GPL-3.0-or-later
// Finding and loading a configuration, and the small questions that several parts ask about it.
#include "config.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"

namespace qeaas {
namespace {

constexpr std::array<std::string_view, 5> kPostQuantum{"MLKEM512", "MLKEM768", "MLKEM1024", "X25519MLKEM768", "SecP256r1MLKEM768"};

bool loopback4(const in_addr& address) noexcept { return (ntohl(address.s_addr) >> 24) == 127; }

bool loopback6(const in6_addr& address) noexcept {
  constexpr std::array<std::uint8_t, 16> kOne{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return std::memcmp(&address, kOne.data(), kOne.size()) == 0;
}

Result<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc() || end != text.data() + text.size()) return fail(Error::malformed);
  return port;
}

std::filesystem::path user_config_folder() {
  const char* xdg = std::getenv("XDG_CONFIG_HOME");  // NOLINT(concurrency-mt-unsafe): set-up is one thread
  // The XDG base directory specification: a relative path is ignored.
  if (xdg != nullptr && *xdg == '/') return xdg;
  return home_folder() / ".config";
}

}  // namespace

Result<Listen> parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(Error::malformed);
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return fail(port.error());
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  Listen listen{std::string(host), *port, bracketed, false};
  if (bracketed) {
    in6_addr address{};
    if (::inet_pton(AF_INET6, listen.host.c_str(), &address) != 1) return fail(Error::malformed);
    listen.loopback = loopback6(address);
    return listen;
  }
  in_addr address{};
  if (::inet_pton(AF_INET, listen.host.c_str(), &address) != 1) return fail(Error::malformed);
  listen.loopback = loopback4(address);
  return listen;
}

bool is_post_quantum(std::string_view group) noexcept {
  return std::find(kPostQuantum.begin(), kPostQuantum.end(), group) != kPostQuantum.end();
}

std::vector<std::string> effective_groups(const std::vector<std::string>& groups, bool pq_only) {
  std::vector<std::string> effective;
  for (const auto& group : groups) {
    if (!pq_only || is_post_quantum(group)) effective.push_back(group);
  }
  return effective;
}

Outcome<Config> load_config(const std::filesystem::path& path) {
  const auto content = read_file(path);
  if (!content) return tl::unexpected(content.error());
  const auto bytes = content->span();
  return parse_config(std::string(bytes.begin(), bytes.end()), path.string());
}

std::filesystem::path config_path(const std::string& argument) {
  if (!argument.empty()) return argument;
  for (const auto& path : {user_config_folder() / "qeaas/qeaasd.toml", std::filesystem::path("/etc/qeaas/qeaasd.toml")}) {
    std::error_code code;
    // One that is there but cannot be looked at counts as found: reading it then says why. It is never skipped in silence.
    const auto status = std::filesystem::status(path, code);
    if (status.type() != std::filesystem::file_type::not_found) return path;
  }
  return {};
}

Outcome<Config> find_config(const std::string& argument) {
  const auto path = config_path(argument);
  if (path.empty()) return Config{};
  return load_config(path);
}

}  // namespace qeaas
