// SPDX-License-Identifier: GPL-3.0-or-later
#include "server_list.hpp"

namespace qeaas::device {
namespace {

constexpr std::string_view kSeparators = " ,\t";

bool copy(std::string_view from, std::array<char, kMaxHostBytes>& to) noexcept {
  if (from.empty() || from.size() >= to.size()) return false;
  to.fill('\0');
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] <= ' ' || from[i] > '~') return false;
    to[i] = from[i];
  }
  return true;
}

bool parse_port(std::string_view digits, std::uint16_t& port) noexcept {
  if (digits.empty() || digits.size() > 5) return false;
  std::uint32_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return false;
    value = 10 * value + static_cast<std::uint32_t>(digit - '0');
  }
  port = static_cast<std::uint16_t>(value);
  return value >= 1 && value <= 65535;
}

// split takes "host", "host:port", "[v6]" or "[v6]:port" apart; an address of IPv6 without brackets has no port.
bool split(std::string_view word, std::string_view& host, std::string_view& port) noexcept {
  port = {};
  if (word.starts_with('[')) {
    const auto end = word.find(']');
    if (end == std::string_view::npos) return false;
    host = word.substr(1, end - 1);
    const auto rest = word.substr(end + 1);
    port = rest.empty() ? rest : rest.substr(1);
    return rest.empty() || (rest[0] == ':' && !port.empty());
  }
  host = word;
  const auto colon = word.find(':');
  if (colon == std::string_view::npos || colon != word.rfind(':')) return true;
  host = word.substr(0, colon);
  port = word.substr(colon + 1);
  return !port.empty();
}

bool parse_server(std::string_view word, std::uint16_t default_port, ServerAddress& server) noexcept {
  std::string_view name;
  if (const auto at = word.find('@'); at != std::string_view::npos) {
    name = word.substr(0, at);
    word = word.substr(at + 1);
    if (name.empty()) return false;
  }
  std::string_view host;
  std::string_view port;
  if (!split(word, host, port) || host.find_first_of("@[]") != std::string_view::npos) return false;
  server.port = default_port;
  return (port.empty() || parse_port(port, server.port)) && copy(host, server.host) && copy(name.empty() ? host : name, server.name);
}

}  // namespace

bool parse_servers(std::string_view text, std::uint16_t default_port, ServerList& list) noexcept {
  list = {};
  ServerList found;
  while (true) {
    const auto begin = text.find_first_not_of(kSeparators);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto word = text.substr(0, text.find_first_of(kSeparators));
    text.remove_prefix(word.size());
    if (found.count == kMaxServers || !parse_server(word, default_port, found.servers[found.count])) return false;
    ++found.count;
  }
  list = found;
  return true;
}

}  // namespace qeaas::device
