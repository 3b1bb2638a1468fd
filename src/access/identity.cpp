// SPDX-License-Identifier: GPL-3.0-or-later
// Validation of names, quotas and credentials.
#include "access/identity.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "base/utf8.hpp"
#include "crypto/hash.hpp"

namespace qeaas::access {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"anonymous", "psk", "certificate", "raw_public_key", "token"};

// A control character in a name could rewrite the terminal of whoever lists the identities.
bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Outcome<void> valid_text(std::string_view what, std::string_view text, std::size_t limit) {
  const std::string head(what);
  if (text.empty() || text.size() > limit)
    return fault(Error::out_of_range,
                 head + " has " + std::to_string(text.size()) + " bytes; 1 to " + std::to_string(limit) + " bytes of UTF-8 are allowed");
  if (!is_utf8(text)) return fault(Error::malformed, head + " is not UTF-8");
  if (has_control(text)) return fault(Error::malformed, head + " contains a control character; use printable text");
  return {};
}

Outcome<void> at_most(std::string_view what, std::uint64_t value, std::uint64_t limit) {
  if (value <= limit) return {};
  return fault(Error::out_of_range,
               std::string(what) + " is " + std::to_string(value) + "; 0 (unlimited) to " + std::to_string(limit) + " is allowed");
}

Outcome<std::string> spki_text(Bytes spki) {
  // DER: a SubjectPublicKeyInfo is a SEQUENCE. What else is wrong with it shows when nobody's key ever hashes to this.
  if (spki.size() < 16 || spki.front() != 0x30)
    return fault(Error::malformed, "this is not the DER of a SubjectPublicKeyInfo; extract it with 'openssl pkey -pubout -outform DER'");
  return to_hex(sha256(spki));
}

}  // namespace

std::string_view name(CredentialKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)]; }

std::optional<CredentialKind> credential_kind(std::string_view text) noexcept {
  const auto* found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<CredentialKind>(found - kKinds.begin());
}

std::uint64_t effective_burst(const Quota& quota) noexcept {
  if (quota.burst_bytes != 0) return quota.burst_bytes;
  return std::min(std::max(quota.bytes_per_second, kLargestAnswerBytes), kMaxBurstBytes);
}

Outcome<void> valid_name(std::string_view text) { return valid_text("the name", text, kMaxNameBytes); }

Outcome<void> valid_quota(const Quota& quota) {
  if (auto ok = at_most("bytes_per_second", quota.bytes_per_second, kMaxBytesPerSecond); !ok) return ok;
  if (auto ok = at_most("burst_bytes", quota.burst_bytes, kMaxBurstBytes); !ok) return ok;
  if (auto ok = at_most("bytes_per_day", quota.bytes_per_day, kMaxBytesPerDay); !ok) return ok;
  if (quota.burst_bytes != 0 && quota.bytes_per_second == 0)
    return fault(Error::out_of_range, "burst_bytes has no meaning without bytes_per_second; give both or neither");
  return {};
}

Outcome<Credential> Credential::psk(std::string_view identity, Bytes key) {
  if (auto ok = valid_text("the PSK identity", identity, kMaxPskIdentityBytes); !ok) return tl::unexpected(ok.error());
  if (key.size() < kMinPskKeyBytes || key.size() > kMaxPskKeyBytes)
    return fault(Error::out_of_range, "the PSK has " + std::to_string(key.size()) + " bytes; 16 to 64 bytes are allowed");
  return Credential(CredentialKind::psk, std::string(identity), SecretBytes(key));
}

Outcome<Credential> Credential::certificate(Bytes spki) {
  return spki_text(spki).map([](std::string text) { return Credential(CredentialKind::certificate, std::move(text)); });
}

Outcome<Credential> Credential::raw_public_key(Bytes spki) {
  return spki_text(spki).map([](std::string text) { return Credential(CredentialKind::raw_public_key, std::move(text)); });
}

Outcome<Credential> Credential::by_digest(CredentialKind kind, std::string_view hex) {
  if (kind == CredentialKind::psk || kind == CredentialKind::anonymous)
    return fault(Error::unsupported, std::string(access::name(kind)) + " is not known by a hash; use certificate, raw_public_key or token");
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != std::tuple_size_v<Digest>) return fault(Error::malformed, "a SHA-256 has 64 hexadecimal digits");
  return Credential(kind, to_hex(*bytes));
}

Outcome<Credential> Credential::token(Bytes token) {
  if (token.size() < kMinTokenBytes || token.size() > kMaxTokenBytes)
    return fault(Error::out_of_range, "the token has " + std::to_string(token.size()) + " bytes; 16 to 512 bytes are allowed");
  return Credential(CredentialKind::token, to_hex(sha256(token)));
}

}  // namespace qeaas::access
