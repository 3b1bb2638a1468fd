// SPDX-License-Identifier: GPL-3.0-or-later
// Certificate: a reader of DER (X.690) that goes through a certificate (RFC 5280 4.1) once, and the judgement of dates and names.
#include "certificate.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace qeaas::device {
namespace {

constexpr std::uint8_t kOctetString = 0x04, kOid = 0x06, kUtcTime = 0x17, kGeneralizedTime = 0x18, kSequence = 0x30;
constexpr std::uint8_t kVersion = 0xA0, kExtensions = 0xA3;               // context tags of a TBSCertificate
constexpr std::uint8_t kDnsName = 0x82, kIpAddress = 0x87;                // context tags of a GeneralName
constexpr std::array<std::uint8_t, 3> kSubjectAltName{0x55, 0x1D, 0x11};  // 2.5.29.17
constexpr std::array<std::uint8_t, 7> kEcPublicKey{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
constexpr std::array<std::uint8_t, 8> kSignatures{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03};  // of NIST: 2.16.840.1.101.3.4.3

struct Element {
  std::uint8_t tag = 0;
  Bytes whole{};
  Bytes contents{};
};

// Der reads one element after the other. What does not fit ends it, and ok() is false from then on.
class Der {
 public:
  explicit Der(Bytes data) noexcept : rest_(data) {}
  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return rest_.empty(); }
  std::uint8_t peek() const noexcept { return rest_.empty() ? 0 : rest_[0]; }

  Element next() noexcept {
    if (rest_.size() < 2) return fail();
    std::size_t header = 2;
    std::size_t size = rest_[1];
    if (size >= 0x80) {
      const std::size_t count = size - 0x80;
      if (count == 0 || count > 3 || rest_.size() < 2 + count) return fail();
      header += count;
      size = 0;
      for (std::size_t i = 0; i < count; ++i) size = size << 8 | rest_[2 + i];
    }
    if (rest_.size() - header < size) return fail();
    const Element found{rest_[0], rest_.first(header + size), rest_.subspan(header, size)};
    rest_ = rest_.subspan(header + size);
    return found;
  }

  Element expect(std::uint8_t tag) noexcept { return peek() == tag ? next() : fail(); }

 private:
  Element fail() noexcept {
    ok_ = false;
    rest_ = {};
    return {};
  }

  Bytes rest_;
  bool ok_ = true;
};

// days_since_1970 counts in the Gregorian calendar; month is 1 to 12.
std::int64_t days_since_1970(int year, int month, int day) noexcept {
  if (month <= 2) --year;
  const int era = year / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<std::int64_t>(era) * 146097 + day_of_era - 719468;
}

// read_time takes the two forms that RFC 5280 4.1.2.5 allows: YYMMDDHHMMSSZ up to 2049, YYYYMMDDHHMMSSZ.
std::optional<std::int64_t> read_time(const Element& element) noexcept {
  const std::size_t year_digits = element.tag == kUtcTime ? 2 : 4;
  const Bytes text = element.contents;
  if ((element.tag != kUtcTime && element.tag != kGeneralizedTime) || text.size() != year_digits + 11 || text.back() != 'Z') return {};
  const auto digits = text.first(text.size() - 1);
  if (!std::all_of(digits.begin(), digits.end(), [](std::uint8_t c) { return c >= '0' && c <= '9'; })) return {};
  const auto pair = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  int year = pair(0);
  year = year_digits == 4 ? year * 100 + pair(2) : year + (year < 50 ? 2000 : 1900);
  const int month = pair(year_digits), day = pair(year_digits + 2);
  const int hour = pair(year_digits + 4), minute = pair(year_digits + 6), second = pair(year_digits + 8);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return {};
  return days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

bool same(Bytes left, Bytes right) noexcept { return std::equal(left.begin(), left.end(), right.begin(), right.end()); }

Signature key_kind(Bytes public_key_info) noexcept {
  Der info(Der(public_key_info).expect(kSequence).contents);
  const Bytes oid = Der(info.expect(kSequence).contents).expect(kOid).contents;
  if (same(oid, kEcPublicKey)) return Signature::ecdsa;
  if (oid.size() != kSignatures.size() + 1 || !same(oid.first(kSignatures.size()), kSignatures)) return Signature::other;
  switch (oid.back()) {
    case 17: return Signature::ml_dsa_44;
    case 18: return Signature::ml_dsa_65;
    case 19: return Signature::ml_dsa_87;
    default: return Signature::other;
  }
}

// find_names looks for the alternative names among the extensions; a broken list has none.
Bytes find_names(Bytes extensions) noexcept {
  Der list(Der(extensions).expect(kSequence).contents);
  while (!list.at_end()) {
    Der extension(list.expect(kSequence).contents);
    const Bytes oid = extension.expect(kOid).contents;
    if (!same(oid, kSubjectAltName)) continue;
    if (extension.peek() != kOctetString) extension.next();  // critical
    return Der(extension.expect(kOctetString).contents).expect(kSequence).contents;
  }
  return {};
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) { return lower(a) == lower(b); });
}

bool matches(std::string_view pattern, std::string_view host) noexcept {
  if (!pattern.starts_with("*.")) return !pattern.empty() && same_name(pattern, host);
  const auto dot = host.find('.');
  // "*.org" would be everybody's.
  return dot != 0 && dot != std::string_view::npos && pattern.find('.', 2) != std::string_view::npos &&
         same_name(pattern.substr(1), host.substr(dot));
}

}  // namespace

std::optional<Certificate> read_certificate(Bytes der) noexcept {
  Der outer(der);
  Der certificate(outer.expect(kSequence).contents);
  Der body(certificate.expect(kSequence).contents);
  if (body.peek() == kVersion) body.next();
  body.next();             // serial number
  body.expect(kSequence);  // signature algorithm
  body.expect(kSequence);  // issuer
  Der validity(body.expect(kSequence).contents);
  body.expect(kSequence);  // subject
  const Element key = body.expect(kSequence);
  const auto not_before = read_time(validity.next());
  const auto not_after = read_time(validity.next());
  if (!outer.ok() || !outer.at_end() || !certificate.ok() || !body.ok() || !validity.ok() || !not_before || !not_after) return {};
  Certificate found{*not_before, *not_after, key.whole, {}, key_kind(key.whole)};
  while (!body.at_end()) {
    const Element element = body.next();
    if (element.tag == kExtensions) found.names = find_names(element.contents);
  }
  if (!body.ok()) return {};
  return found;
}

bool carries_name(const Certificate& certificate, const char* host) noexcept {
  std::array<std::uint8_t, 16> address{};
  std::size_t address_size = 0;
  if (zsock_inet_pton(AF_INET, host, address.data()) == 1)
    address_size = 4;
  else if (zsock_inet_pton(AF_INET6, host, address.data()) == 1)
    address_size = 16;
  Der names(certificate.names);
  while (!names.at_end()) {
    const Element name = names.next();
    const std::string_view written(reinterpret_cast<const char*>(name.contents.data()), name.contents.size());
    if (address_size != 0 && name.tag == kIpAddress && same(name.contents, Bytes(address).first(address_size))) return true;
    if (address_size == 0 && name.tag == kDnsName && matches(written, host)) return true;
  }
  return false;
}

Today today(const DtlsConfig& config) noexcept {
  const std::int64_t clock = config.clock == nullptr ? 0 : config.clock(config.clock_context);
  if (clock > 0 && clock >= config.floor_date) return {DateCheck::clock, clock};
  if (config.floor_date > 0) return {DateCheck::floor, config.floor_date};
  return {};
}

int check_dates(const Certificate& certificate, const Today& now) noexcept {
  if (now.check == DateCheck::none) return 0;
  if (certificate.not_after < now.seconds) return failure(DeviceError::expired);
  if (now.check == DateCheck::clock && certificate.not_before > now.seconds) return failure(DeviceError::not_yet_valid);
  return 0;
}

}  // namespace qeaas::device
