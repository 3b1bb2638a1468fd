// SPDX-License-Identifier: GPL-3.0-or-later
// From HTTP to CoAP.
#include "coap/http_mapping.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "crypto/hash.hpp"

namespace qeaas::coap {
namespace {

constexpr std::uint32_t kLongestFreshness = 31'536'000;  // RFC 9111 has none; a year is beyond any use here
constexpr std::size_t kMaxValidatorBytes = 128;

struct Format {
  std::uint16_t number;
  std::string_view media_type;
};
// From the registry "CoAP Content-Formats": what an HTTP service may well have.
constexpr Format kFormats[] = {
    {0, "text/plain"},
    {21, "image/gif"},
    {22, "image/jpeg"},
    {23, "image/png"},
    {40, "application/link-format"},
    {41, "application/xml"},
    {42, "application/octet-stream"},
    {47, "application/exi"},
    {50, "application/json"},
    {51, "application/json-patch+json"},
    {52, "application/merge-patch+json"},
    {60, "application/cbor"},
    {61, "application/cwt"},
    {63, "application/cbor-seq"},
    {64, "application/link-format+cbor"},
    {110, "application/senml+json"},
    {112, "application/senml+cbor"},
    {257, "application/concise-problem-details+cbor"},
    {432, "application/td+json"},
};

// next_part takes what stands before the next separator that is not inside a quoted string.
std::string_view next_part(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (quoted && rest[end] == '\\' && end + 1 < rest.size()) ++end;
  }
  const auto part = ascii::trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// charset_is_utf8: text/plain is content format 0 in UTF-8 only. US-ASCII is UTF-8.
bool charset_is_utf8(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    const auto part = next_part(parameters, ';');
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (!ascii::same_word(part.substr(0, equals), "charset") || !(ascii::same_word(value, "utf-8") || ascii::same_word(value, "us-ascii")))
      return false;
  }
  return true;
}

// lifetime reads "60" or "\"60\""; 0 for anything else.
std::uint32_t lifetime(std::string_view text) noexcept {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  static_cast<void>(end);
  return error == std::errc{} ? std::min(value, kLongestFreshness) : kLongestFreshness;
}

struct CacheControl {
  bool forbidden = false;  // no-store, private, no-cache: not for a shared cache, or not without asking each time
  std::optional<std::uint32_t> max_age;
  std::optional<std::uint32_t> shared_max_age;
};

void note(std::optional<std::uint32_t>& least, std::uint32_t seconds) noexcept { least = std::min(least.value_or(seconds), seconds); }

CacheControl read_cache_control(std::string_view text) noexcept {
  CacheControl control;
  while (!text.empty()) {
    const auto part = next_part(text, ',');
    const auto equals = part.find('=');
    const auto name = ascii::trimmed(part.substr(0, equals));
    const auto value = equals == std::string_view::npos ? std::string_view() : ascii::trimmed(part.substr(equals + 1));
    if (ascii::same_word(name, "no-store") || ascii::same_word(name, "private") || ascii::same_word(name, "no-cache"))
      control.forbidden = true;
    if (ascii::same_word(name, "max-age")) note(control.max_age, lifetime(value));
    if (ascii::same_word(name, "s-maxage")) note(control.shared_max_age, lifetime(value));
  }
  return control;
}

}  // namespace

MappedStatus map_status(unsigned status) noexcept {
  switch (status) {
    case 200:
    case 203:
    case 204: return {code::kContent, Error::io};
    case 401: return {code::kUnauthorized, Error::unauthorized};
    case 403: return {code::kForbidden, Error::forbidden};
    case 404:
    case 410: return {code::kNotFound, Error::not_found};
    case 405: return {code::kMethodNotAllowed, Error::unsupported};
    case 406: return {code::kNotAcceptable, Error::unsupported};
    case 412: return {code::kPreconditionFailed, Error::refused};
    case 413: return {code::kRequestEntityTooLarge, Error::too_large};
    case 415: return {code::kUnsupportedContentFormat, Error::unsupported};
    case 429: return {code::kTooManyRequests, Error::over_quota};
    case 501: return {code::kNotImplemented, Error::unsupported};
    case 502: return {code::kBadGateway, Error::io};
    case 503: return {code::kServiceUnavailable, Error::starved};
    case 504: return {code::kGatewayTimeout, Error::timeout};
    default: break;
  }
  if (status >= 400 && status < 500) return {code::kBadRequest, Error::malformed};
  if (status >= 500 && status < 600) return {code::kInternalServerError, Error::io};
  return {code::kBadGateway, Error::unsupported};
}

std::optional<std::uint16_t> content_format_of(std::string_view content_type) noexcept {
  const auto media_type = next_part(content_type, ';');
  for (const Format& format : kFormats) {
    if (!ascii::same_word(format.media_type, media_type)) continue;
    // JSON has no parameters that mean anything (RFC 8259 11), yet many servers send a charset.
    if (format.number != format::kTextPlain && format.number != format::kJson)
      return ascii::trimmed(content_type).empty() ? std::optional(format.number) : std::nullopt;
    return charset_is_utf8(content_type) ? std::optional(format.number) : std::nullopt;
  }
  return std::nullopt;
}

std::string_view media_type_of(std::uint32_t content_format) noexcept {
  for (const Format& format : kFormats)
    if (format.number == content_format) return format.media_type;
  return {};
}

Freshness freshness_of(const FetchAnswer& answer) noexcept {
  const CacheControl control = read_cache_control(answer.cache_control);
  // A redirect may lead elsewhere the next time; how long it holds is not kept.
  if (control.forbidden || answer.redirected || answer.personal || answer.entropy || answer.vary.find('*') != std::string::npos) return {};
  const std::uint32_t life = control.shared_max_age.value_or(control.max_age.value_or(0));
  if (answer.age_seconds >= life) return {};
  return {life - answer.age_seconds, true};
}

bool is_validator(std::string_view etag) noexcept {
  if (etag.size() < 2 || etag.size() > kMaxValidatorBytes || etag.front() != '"' || etag.back() != '"') return false;
  const auto inside = etag.substr(1, etag.size() - 2);
  return std::all_of(inside.begin(), inside.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '"'; });
}

Etag etag_of(std::string_view validator) noexcept {
  const auto digest = sha256(bytes_of(validator));
  Etag etag;
  std::copy_n(digest.begin(), etag.size(), etag.begin());
  return etag;
}

}  // namespace qeaas::coap
