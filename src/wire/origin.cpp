// SPDX-License-Identifier: GPL-3.0-or-later
// Origins and addresses, RFC 3986 in its strictest reading.
#include "wire/origin.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/percent.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kNotInTarget = "\"<>\\^`{|}#";  // RFC 3986: in no path or query; '#' would begin a fragment

// canonical gives an address as inet_ntop writes it; empty when the text is none.
template <int Family, std::size_t Size>
std::string canonical(const std::string& text) {
  std::array<std::uint8_t, Size> address{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (::inet_pton(Family, text.c_str(), address.data()) != 1) return {};
  if (::inet_ntop(Family, address.data(), out.data(), out.size()) == nullptr) return {};
  return out.data();
}

bool is_label(std::string_view label) noexcept {
  if (label.empty() || label.size() > kMaxLabelBytes || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
}

// looks_numeric: a host whose last label is a number in any base is an IPv4 address to one parser or another.
bool looks_numeric(std::string_view host) noexcept {
  const auto dot = host.rfind('.');
  auto last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (last.starts_with("0x")) {
    last.remove_prefix(2);
    return std::all_of(last.begin(), last.end(), [](char c) { return ascii::hex_value(c) >= 0; });
  }
  return std::all_of(last.begin(), last.end(), ascii::is_digit);
}

Status take_name(std::string_view text, Origin& origin) {
  origin.host = ascii::lower(text);
  if (origin.host.empty() || origin.host.size() > kMaxHostBytes) return fail(Error::malformed);
  std::string_view rest = origin.host;
  for (bool more = true; more;) {
    const auto dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return fail(Error::malformed);
    more = dot != std::string_view::npos;
    if (more) rest.remove_prefix(dot + 1);
  }
  if (!looks_numeric(origin.host)) return {};
  origin.kind = OriginHost::ipv4;
  return canonical<AF_INET, 4>(origin.host) == origin.host ? Status{} : fail(Error::malformed);
}

// take_host reads the host that authority begins with and leaves ":port" or nothing.
Status take_host(std::string_view& authority, Origin& origin) {
  if (!authority.starts_with('[')) {
    const auto end = std::min(authority.find(':'), authority.size());
    const auto name = authority.substr(0, end);
    authority.remove_prefix(end);
    return take_name(name, origin);
  }
  const auto end = authority.find(']');
  if (end == std::string_view::npos) return fail(Error::malformed);
  const auto text = authority.substr(1, end - 1);
  authority.remove_prefix(end + 1);
  if (text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return fail(Error::malformed);
  origin.kind = OriginHost::ipv6;
  origin.host = canonical<AF_INET6, 16>(std::string(text));
  return origin.host.empty() ? Status(fail(Error::malformed)) : Status{};
}

Status take_port(std::string_view text, Origin& origin) noexcept {
  origin.port = origin.secure ? 443 : 80;
  if (text.empty()) return {};
  if (text.front() != ':') return fail(Error::malformed);
  text.remove_prefix(1);
  if (text.empty() || text.size() > 5 || text.front() == '0' || text.find_first_not_of(kDigits) != std::string_view::npos)
    return fail(Error::malformed);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), origin.port);
  static_cast<void>(end);
  return error == std::errc{} ? Status{} : fail(Error::malformed);
}

Status take_scheme(std::string_view text, Origin& origin) {
  const auto scheme = ascii::lower(text);
  const bool sound = !scheme.empty() && !ascii::is_digit(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return ascii::is_alnum(c) || c == '+' || c == '-' || c == '.';
  });
  if (!sound) return fail(Error::malformed);
  origin.secure = scheme == "https";
  return origin.secure || scheme == "http" ? Status{} : fail(Error::unsupported);
}

bool is_target(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte <= 0x20 || byte >= 0x7f || kNotInTarget.find(text[i]) != std::string_view::npos) return false;
    if (text[i] == '%' && (text.size() - i < 3 || ascii::hex_value(text[i + 1]) < 0 || ascii::hex_value(text[i + 2]) < 0)) return false;
  }
  return true;
}

// within compares the leading bits of an address.
bool within(Bytes address, std::initializer_list<std::uint8_t> prefix, unsigned bits) noexcept {
  std::size_t at = 0;
  for (const std::uint8_t byte : prefix) {
    const unsigned take = std::min(bits, 8u);
    const auto mask = static_cast<std::uint8_t>(0xff00u >> take);
    if ((address[at++] & mask) != (byte & mask)) return false;
    bits -= take;
  }
  return true;
}

// IANA's registry of special-purpose addresses, RFC 6890 and its updates.
bool is_special_v4(Bytes a) noexcept {
  return within(a, {0}, 8) || within(a, {10}, 8) || within(a, {100, 64}, 10) || within(a, {127}, 8) || within(a, {169, 254}, 16) ||
         within(a, {172, 16}, 12) || within(a, {192, 0, 0}, 24) || within(a, {192, 0, 2}, 24) || within(a, {192, 88, 99}, 24) ||
         within(a, {192, 168}, 16) || within(a, {198, 18}, 15) || within(a, {198, 51, 100}, 24) || within(a, {203, 0, 113}, 24) ||
         within(a, {224}, 3);  // multicast, reserved, broadcast
}

bool is_special_v6(Bytes a) noexcept {
  if (!within(a, {0x20}, 3)) return true;  // global unicast is 2000::/3 alone
  return within(a, {0x20, 0x01, 0x00}, 23) || within(a, {0x20, 0x01, 0x0d, 0xb8}, 32) || within(a, {0x20, 0x02}, 16) ||
         within(a, {0x3f, 0xff, 0x00}, 20);
}

}  // namespace

Result<HttpUri> parse_http_uri(std::string_view text) {
  if (text.size() > kMaxHttpUriBytes) return fail(Error::too_large);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return fail(Error::malformed);
  HttpUri uri;
  if (const auto scheme = take_scheme(text.substr(0, colon), uri.origin); !scheme) return fail(scheme.error());
  auto rest = text.substr(colon + 1);
  if (!rest.starts_with("//")) return fail(Error::malformed);
  rest.remove_prefix(2);
  const auto end = std::min(rest.find_first_of("/?#\\"), rest.size());
  auto authority = rest.substr(0, end);
  const auto target = rest.substr(end);
  if (const auto host = take_host(authority, uri.origin); !host) return fail(host.error());
  if (const auto port = take_port(authority, uri.origin); !port) return fail(port.error());
  if (!is_target(target)) return fail(Error::malformed);
  uri.target = (target.starts_with('/') ? "" : "/") + std::string(target);
  return uri;
}

Result<Origin> parse_origin(std::string_view text) {
  auto uri = parse_http_uri(text);
  if (!uri) return fail(uri.error());
  const auto authority = text.find("://") + 3;
  if (text.find_first_of("/?", authority) != std::string_view::npos) return fail(Error::malformed);
  return std::move(uri->origin);
}

Result<HttpUri> make_http_uri(std::string_view scheme, std::string_view host, std::uint32_t port, std::span<const std::string_view> path,
                              std::span<const std::string_view> query) {
  std::string text(scheme);
  // An IPv6 address may come with its brackets or without (RFC 7252 6.4 leaves them out).
  const bool bare = host.find(':') != std::string_view::npos && !host.starts_with('[');
  text += bare ? "://[" : "://";
  // What would end the host early must not get as far as the parser, which would take the rest for something else.
  if (host.find_first_of("/?#\\") != std::string_view::npos) return fail(Error::malformed);
  if (host.starts_with('[') && host.find(']') != host.size() - 1) return fail(Error::malformed);
  if (std::any_of(path.begin(), path.end(), [](std::string_view segment) { return segment == "." || segment == ".."; }))
    return fail(Error::malformed);  // RFC 7252 5.10.1
  text += host;
  if (bare) text += "]";
  if (port != 0) text += ":" + std::to_string(port);
  for (const auto segment : path) append_encoded(text += '/', segment, kSegmentOwn);
  for (std::size_t i = 0; i < query.size(); ++i) append_encoded(text += i == 0 ? (path.empty() ? "/?" : "?") : "&", query[i], kArgumentOwn);
  return parse_http_uri(text);
}

std::string to_text(const Origin& origin) {
  std::string text = origin.secure ? "https://" : "http://";
  text += origin.kind == OriginHost::ipv6 ? "[" + origin.host + "]" : origin.host;
  if (origin.port != (origin.secure ? 443 : 80)) text += ":" + std::to_string(origin.port);
  return text;
}

std::string to_text(const HttpUri& uri) { return to_text(uri.origin) + uri.target; }

bool is_special_address(Bytes address) noexcept {
  if (address.size() == 4) return is_special_v4(address);
  return address.size() != 16 || is_special_v6(address);
}

bool stands_for_this_machine(std::string_view host) noexcept { return host == "localhost" || host.ends_with(".localhost"); }

bool OriginList::contains(const Origin& origin) const noexcept {
  return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

bool may_connect(const Origin& origin, Bytes address, std::uint16_t port) noexcept {
  if (port != origin.port) return false;
  if (origin.kind == OriginHost::name) return !is_special_address(address);
  const bool v4 = origin.kind == OriginHost::ipv4;
  if (address.size() != (v4 ? 4u : 16u)) return false;
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(v4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size()) != nullptr && origin.host == text.data();
}

}  // namespace qeaas
