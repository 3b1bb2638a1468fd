// SPDX-License-Identifier: GPL-3.0-or-later
// The servers as configuration names them: words separated by spaces or commas, each "host", "host:port", "[v6]:port", any of them after
// "name@" where the certificate carries another name than the address that is dialled (a device without DNS). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace qeaas::device {

inline constexpr std::size_t kMaxServers = CONFIG_QEAAS_CLIENT_MAX_SERVERS;
inline constexpr std::size_t kMaxHostBytes = 64;

struct ServerAddress {
  std::array<char, kMaxHostBytes> host{};  // with its zero, as are all of these
  std::array<char, kMaxHostBytes> name{};  // what the certificate must carry
  std::uint16_t port = 0;
};

struct ServerList {
  std::array<ServerAddress, kMaxServers> servers{};
  std::size_t count = 0;
};

// parse_servers fills list. False, with list empty, for a word that is none of these, a port of 0 or above 65535, a name that does not
// fit, or more than kMaxServers.
bool parse_servers(std::string_view text, std::uint16_t default_port, ServerList& list) noexcept;

}  // namespace qeaas::device
