// SPDX-License-Identifier: GPL-3.0-or-later
// Decomposing and composing CoAP addresses, RFC 7252 6.4 and 6.5 over RFC 3986.
#include "wire/coap_uri.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"
#include "wire/percent.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMaxPartBytes = 255;             // of Uri-Host, and of one Uri-Path or Uri-Query option
constexpr std::string_view kForeign = "\"<>\\^`{|} ";  // RFC 3986: in no address

bool is_foreign(char c) noexcept {
  return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || kForeign.find(c) != kForeign.npos;
}

// decode_part decodes one host, segment or parameter and checks what its option demands.
Result<std::string> decode_part(std::string_view text) {
  auto part = percent_decode(text);
  if (part && part->size() > kMaxPartBytes) return fail(Error::out_of_range);
  if (part && !is_utf8(*part)) return fail(Error::malformed);
  return part;
}

// split decodes every piece between separators.
Result<std::vector<std::string>> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    const std::size_t end = text.find(separator);
    auto part = decode_part(text.substr(0, end));
    if (!part) return fail(part.error());
    parts.push_back(std::move(*part));
    more = end != std::string_view::npos;
    if (more) text.remove_prefix(end + 1);
  }
  return parts;
}

template <int Family, class Address>
bool is_address(const std::string& text) noexcept {
  Address address{};
  return text.find('\0') == std::string::npos && ::inet_pton(Family, text.c_str(), &address) == 1;
}

// take_host reads the host that authority begins with and leaves ":port" or nothing.
Status take_host(std::string_view& authority, CoapUri& uri) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return fail(Error::malformed);
    uri.host = ascii::lower(authority.substr(1, end - 1));
    uri.host_kind = HostKind::ipv6;
    authority.remove_prefix(end + 1);
    return is_address<AF_INET6, in6_addr>(uri.host) ? Status{} : fail(Error::malformed);
  }
  const std::size_t end = std::min(authority.find(':'), authority.size());
  auto host = decode_part(authority.substr(0, end));
  if (!host) return fail(host.error());
  uri.host = ascii::lower(*host);
  uri.host_kind = is_address<AF_INET, in_addr>(uri.host) ? HostKind::ipv4 : HostKind::name;
  authority.remove_prefix(end);
  const bool sound = !uri.host.empty() && std::none_of(uri.host.begin(), uri.host.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '/' || c == '@' || c == '[' || c == ']' || c == ':';
  });
  return sound ? Status{} : fail(Error::malformed);
}

Status take_port(std::string_view text, CoapUri& uri) noexcept {
  uri.port = uri.secure ? kCoapsPort : kCoapPort;
  if (text.empty()) return {};
  if (text[0] != ':') return fail(Error::malformed);
  text.remove_prefix(1);
  if (text.empty()) return {};  // RFC 3986 3.2.3: an empty port is the default
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return fail(Error::malformed);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), uri.port);
  static_cast<void>(end);
  if (error != std::errc{} || uri.port == 0) return fail(Error::out_of_range);
  return {};
}

// take_target reads "/path?query".
Status take_target(std::string_view text, CoapUri& uri) {
  const std::size_t mark = text.find('?');
  const std::string_view path = text.substr(0, mark);
  if (path.size() > 1) {  // RFC 7252 6.4 step 8: nothing and "/" are the same
    auto parts = split(path.substr(1), '/');
    if (!parts) return fail(parts.error());
    uri.path = std::move(*parts);
  }
  if (mark == std::string_view::npos) return {};
  auto parts = split(text.substr(mark + 1), '&');
  if (!parts) return fail(parts.error());
  uri.query = std::move(*parts);
  return {};
}

Status parse_parts(std::string_view rest, CoapUri& uri) {
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) return fail(Error::malformed);
  if (const auto host = take_host(authority, uri); !host) return host;
  if (const auto port = take_port(authority, uri); !port) return port;
  return take_target(rest.substr(end), uri);
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return fail(Error::malformed);
    const int high = ascii::hex_value(text[i + 1]);
    const int low = ascii::hex_value(text[i + 2]);
    if (high < 0 || low < 0) return fail(Error::malformed);
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

Outcome<CoapUri> parse_coap_uri(std::string_view text) {
  const std::string quoted = "address \"" + std::string(text) + "\"";
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return fault(Error::malformed, quoted + " has no scheme; write coaps://host/random");
  const std::string scheme = ascii::lower(text.substr(0, colon));
  if (scheme != "coap" && scheme != "coaps")
    return fault(Error::unsupported, quoted + ": only coaps:// and coap:// addresses are understood here");
  if (text.find('#') != std::string_view::npos) return fault(Error::malformed, quoted + " has a fragment (#), which CoAP cannot send");
  if (std::any_of(text.begin(), text.end(), is_foreign))
    return fault(Error::malformed, quoted + " holds a character that must be percent-encoded");
  CoapUri uri;
  uri.secure = scheme == "coaps";
  if (const auto parts = parse_parts(text.substr(colon + 3), uri); !parts) return explain(parts.error(), quoted);
  return uri;
}

std::string to_text(const CoapUri& uri) {
  std::string text = uri.secure ? "coaps://" : "coap://";
  if (uri.host_kind == HostKind::ipv6)
    text += "[" + uri.host + "]";
  else
    append_encoded(text, uri.host, kHostOwn);
  if (uri.port != (uri.secure ? kCoapsPort : kCoapPort)) text += ":" + std::to_string(uri.port);
  if (uri.path.empty()) text += "/";
  for (const std::string& segment : uri.path) {
    text += "/";
    append_encoded(text, segment, kSegmentOwn);
  }
  for (std::size_t i = 0; i < uri.query.size(); ++i) {
    text += i == 0 ? "?" : "&";
    append_encoded(text, uri.query[i], kArgumentOwn);
  }
  return text;
}

}  // namespace qeaas
