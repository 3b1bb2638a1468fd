// SPDX-License-Identifier: GPL-3.0-or-later
#include "trust.hpp"

#include <string_view>

#include "floor_store.hpp"
#include "realtime.hpp"
#include "qeaas_client_build.hpp"  // generated: kRoots, kBuildDate

namespace qeaas::device {
namespace {

// A clock that nobody has set counts from 1970.
constexpr std::int64_t kSetSince = 1577836800;  // 2020-01-01

constexpr int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <std::size_t N>
struct Hex {
  std::array<std::uint8_t, N / 2 + 1> bytes{};
  std::size_t size = 0;
  bool good = N % 2 == 1;  // with the zero at the end

  consteval explicit Hex(const char (&text)[N]) noexcept {
    for (std::size_t i = 0; good && i + 1 < N; i += 2) {
      const auto high = digit(text[i]);
      const auto low = digit(text[i + 1]);
      good = high >= 0 && low >= 0;
      if (good) bytes[size++] = static_cast<std::uint8_t>(high << 4 | low);
    }
  }
  std::span<const std::uint8_t> span() const noexcept { return {bytes.data(), size}; }
};

constexpr Hex kPin{CONFIG_QEAAS_CLIENT_PIN};
static_assert(kPin.good && (kPin.size == 0 || kPin.size == kPinBytes), "CONFIG_QEAAS_CLIENT_PIN must be 64 hexadecimal digits");

#if defined(CONFIG_QEAAS_DTLS_PSK)
constexpr Hex kPskKey{CONFIG_QEAAS_CLIENT_PSK_KEY};
constexpr std::string_view kPskIdentity = CONFIG_QEAAS_CLIENT_PSK_IDENTITY;
#else
constexpr Hex kPskKey{""};
constexpr std::string_view kPskIdentity = "";
#endif
static_assert(kPskKey.good && (kPskKey.size == 0 || (kPskKey.size >= 16 && kPskKey.size <= 64)),
              "CONFIG_QEAAS_CLIENT_PSK_KEY must be 32 to 128 hexadecimal digits");
static_assert(kPskIdentity.empty() == (kPskKey.size == 0) && kPskIdentity.size() <= 64,
              "CONFIG_QEAAS_CLIENT_PSK_IDENTITY (at most 64 bytes) and CONFIG_QEAAS_CLIENT_PSK_KEY belong together");
static_assert(kRootCount != 0 || kPin.size != 0 || kPskKey.size != 0 || IS_ENABLED(CONFIG_QEAAS_DTLS_NO_VERIFICATION),
              "name whom to trust: CONFIG_QEAAS_CLIENT_CA_FILE (with a certificate whose signatures are compiled in), "
              "CONFIG_QEAAS_CLIENT_PIN or CONFIG_QEAAS_CLIENT_PSK_KEY");

}  // namespace

std::int64_t clock_date(void*) noexcept {
  const auto now = realtime_seconds();
  return now < kSetSince ? 0 : now;
}

std::int64_t floor_date() noexcept {
  const std::int64_t configured = CONFIG_QEAAS_CLIENT_FLOOR_DATE;
  const auto built = configured != 0 ? configured : kBuildDate;
  const auto stored = stored_floor();
  return stored > built ? stored : built;
}

DtlsConfig trusted_config(const char* server_name) noexcept {
  DtlsConfig config;
  config.server_name = server_name;
  config.roots = {kRoots.data(), kRootCount};
  config.pin = kPin.span();
  config.psk_identity = kPskKey.size == 0 ? nullptr : kPskIdentity.data();
  config.psk_key = kPskKey.span();
  config.clock = clock_date;
  config.floor_date = floor_date();
  config.use_cid = IS_ENABLED(CONFIG_QEAAS_CLIENT_CID);
  config.mtu = CONFIG_QEAAS_CLIENT_MTU;
  return config;
}

}  // namespace qeaas::device
