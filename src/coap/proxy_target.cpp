// SPDX-License-Identifier: GPL-3.0-or-later
// What a proxy request asks for.
#include "coap/proxy_target.hpp"

#include <vector>

#include "coap/http_mapping.hpp"

namespace qeaas::coap {
namespace {

// Parts are the options that an address is made of, as views into the datagram.
struct Parts {
  std::optional<std::string_view> uri;
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> host;
  std::optional<std::uint32_t> port;
  std::vector<std::string_view> path;
  std::vector<std::string_view> query;
  bool unsafe = false;  // one that must be understood to be forwarded, and is not
};

Parts read_parts(const Options& options) {
  Parts parts;
  for (const OptionView& option : options) {
    switch (option.number) {
      case Option::proxy_uri: parts.uri = option.text(); break;
      case Option::proxy_scheme: parts.scheme = option.text(); break;
      case Option::uri_host: parts.host = option.text(); break;
      case Option::uri_port: parts.port = option.uint().value_or(0); break;
      case Option::uri_path: parts.path.push_back(option.text()); break;
      case Option::uri_query: parts.query.push_back(option.text()); break;
      default: parts.unsafe = parts.unsafe || (!is_known(option.number) && is_unsafe(option.number));
    }
  }
  return parts;
}

tl::unexpected<ProxyRefusal> bad_option(std::string_view detail, Error error = Error::malformed) {
  return tl::unexpected(ProxyRefusal{code::kBadOption, error, detail});
}

tl::unexpected<ProxyRefusal> refused_address(Error error) {
  if (error == Error::unsupported)
    return tl::unexpected(ProxyRefusal{code::kProxyingNotSupported, error, "this proxy reaches http and https origins only"});
  return bad_option("no absolute http address: scheme, host, no user, no fragment, IPv4 as four decimal numbers", error);
}

tl::expected<HttpUri, ProxyRefusal> address_of(const Parts& parts) {
  if (parts.uri) {
    // RFC 7252 5.10.2: Proxy-Uri takes precedence over all Uri options, and none of them may be there. libcoap's client sends Uri-Port
    // all the same; Uri-Host and Uri-Port then say which proxy is meant. A second path or scheme could mean anything.
    if (parts.scheme || !parts.path.empty() || !parts.query.empty())
      return bad_option("Proxy-Uri excludes Proxy-Scheme, Uri-Path and Uri-Query");
    auto uri = parse_http_uri(*parts.uri);
    if (!uri) return refused_address(uri.error());
    return std::move(*uri);
  }
  if (!parts.host) return bad_option("Proxy-Scheme needs Uri-Host");
  if (parts.port == 0u) return bad_option("Uri-Port 0 is no port");
  auto uri = make_http_uri(*parts.scheme, *parts.host, parts.port.value_or(0), parts.path, parts.query);
  if (!uri) return refused_address(uri.error());
  return std::move(*uri);
}

}  // namespace

tl::expected<ProxyTarget, ProxyRefusal> read_proxy_target(const Options& options, std::optional<std::uint32_t> accept) {
  const Parts parts = read_parts(options);
  if (parts.unsafe) return bad_option("an option that is unsafe to forward is not understood", Error::unsupported);
  auto uri = address_of(parts);
  if (!uri) return tl::unexpected(uri.error());
  ProxyTarget target{std::move(*uri), {}, {}};
  if (accept) target.accept = media_type_of(*accept);
  if (accept && target.accept.empty())
    return tl::unexpected(ProxyRefusal{code::kNotAcceptable, Error::unsupported, "Accept has no media type that this proxy knows"});
  target.key = to_text(target.uri) + '\n' + target.accept;
  return target;
}

}  // namespace qeaas::coap
