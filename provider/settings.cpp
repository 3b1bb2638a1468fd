// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of openssl.cnf.
#include "settings.hpp"

#include <algorithm>
#include <array>

#include "base/decimal.hpp"

namespace qeaas::provider {
namespace {

constexpr std::array<std::string_view, 12> kKeys{"source", "socket",     "device", "server",   "ca",      "psk",
                                                 "groups", "signatures", "type",   "fallback", "timeout", "buffer"};
constexpr std::uint64_t kMaxTimeoutMilliseconds = 60'000;
constexpr std::size_t kMaxPathBytes = 107;  // sun_path

tl::unexpected<Fault> wrong(Error error, const Given& given, std::string_view right) {
  return fault(error, std::string(given.key) + " = " + std::string(given.value) + ": " + std::string(right));
}

Outcome<void> read_number(const Given& given, std::uint64_t least, std::uint64_t most, std::string_view unit, std::uint64_t& value) {
  const auto number = decimal(given.value);
  if (number && *number >= least && *number <= most) {
    value = *number;
    return {};
  }
  return wrong(number ? Error::out_of_range : number.error(), given,
               "write " + std::to_string(least) + " to " + std::to_string(most) + " " + std::string(unit));
}

Outcome<void> read_path(const Given& given, std::size_t most, std::string& path) {
  if (given.value.empty() || given.value.front() != '/') return wrong(Error::malformed, given, "write a path that begins with /");
  if (given.value.size() > most) return wrong(Error::too_large, given, "the path is longer than " + std::to_string(most) + " bytes");
  path = given.value;
  return {};
}

Outcome<void> read_origin(const Given& given, Settings& settings) {
  for (const auto origin : {Origin::socket, Origin::device, Origin::server})
    if (given.value == name(origin)) {
      settings.origin = origin;
      return {};
    }
  return wrong(Error::unknown, given, "write socket, device or server");
}

Outcome<void> read_type(const Given& given, Settings& settings) {
  const auto type = entropy_type(given.value);
  if (!type) return wrong(Error::unknown, given, "write direct, mixed or drbg");
  settings.type = *type;
  return {};
}

Outcome<void> read_fall_back(const Given& given, Settings& settings) {
  if (given.value != "none" && given.value != "os") return wrong(Error::unknown, given, "write none or os");
  settings.fall_back = given.value == "os";
  return {};
}

Outcome<void> read_one(const Given& given, Settings& settings) {
  if (given.key == "source") return read_origin(given, settings);
  if (given.key == "socket") return read_path(given, kMaxPathBytes, settings.socket);
  if (given.key == "device") return read_path(given, 4096, settings.device);
  if (given.key == "ca") return read_path(given, 4096, settings.ca);
  if (given.key == "type") return read_type(given, settings);
  if (given.key == "fallback") return read_fall_back(given, settings);
  std::uint64_t number = 0;
  if (given.key == "timeout") {
    if (auto fine = read_number(given, 1, kMaxTimeoutMilliseconds, "milliseconds", number); !fine) return fine;
    settings.timeout = std::chrono::milliseconds(number);
    return {};
  }
  if (given.key == "buffer") {
    if (auto fine = read_number(given, 0, kMaxBufferBytes, "bytes", number); !fine) return fine;
    settings.buffer_bytes = number;
    return {};
  }
  if (given.value.empty()) return wrong(Error::malformed, given, "give a value or leave the key out");
  if (given.key == "server") settings.server = given.value;
  if (given.key == "psk") settings.psk = given.value;
  if (given.key == "groups") settings.groups = given.value;
  if (given.key == "signatures") settings.signatures = given.value;
  return {};
}

// belongs tells which origin a key is for; keys for all of them are left out.
bool foreign(std::string_view key, Origin origin) noexcept {
  if (key == "socket") return origin != Origin::socket;
  if (key == "device") return origin != Origin::device;
  if (key == "type") return origin == Origin::device;
  return (key == "server" || key == "ca" || key == "psk" || key == "groups" || key == "signatures") && origin != Origin::server;
}

}  // namespace

std::string_view name(Origin origin) noexcept {
  if (origin == Origin::socket) return "socket";
  return origin == Origin::device ? "device" : "server";
}

std::span<const std::string_view> known_keys() noexcept { return kKeys; }

Outcome<Settings> read_settings(std::span<const Given> given) {
  Settings settings;
  for (const auto& one : given)
    if (auto fine = read_one(one, settings); !fine) return tl::unexpected(fine.error());
  for (const auto& one : given)
    if (foreign(one.key, settings.origin))
      return wrong(Error::refused, one, "this key has no meaning with source = " + std::string(name(settings.origin)));
  if (settings.origin == Origin::device && settings.device.empty())
    return fault(Error::malformed, "source = device: say which one, for example device = /dev/qrandom0");
  if (settings.origin == Origin::server && settings.server.empty())
    return fault(Error::malformed, "source = server: say which one, for example server = coaps://qrng.example.org");
  return settings;
}

}  // namespace qeaas::provider
