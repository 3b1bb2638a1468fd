// SPDX-License-Identifier: GPL-3.0-or-later
// Which addresses a remote source may have, judged by libcurl's own parser so that no two parsers can disagree.
#include <arpa/inet.h>
#include <curl/curl.h>

#include "base/handle.hpp"
#include "source/qrng_client.hpp"

namespace qeaas {
namespace {

using UrlHandle = Handle<CURLU, &::curl_url_cleanup>;
using UrlText = Handle<char, &::curl_free>;

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (::curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  const UrlText owner(text);
  return text;
}

bool is_loopback(const std::string& host) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return (ntohl(address.s_addr) >> 24) == 127;
  return host == "[::1]" || host == "localhost";  // libcurl itself resolves localhost to loopback
}

}  // namespace

Outcome<void> check_remote_url(const std::string& text) {
  const UrlHandle url(::curl_url());
  if (!url || text.empty() || ::curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return fault(Error::malformed, "url '" + text + "' is no address; write it as https://host:port");
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http")
    return fault(Error::refused, "url '" + text + "': only https is allowed (and http to this machine's loopback)");
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty())
    return fault(Error::refused, "the url holds credentials; put a bearer token into token_file instead");
  if (!part(url.get(), CURLUPART_QUERY).empty() || !part(url.get(), CURLUPART_FRAGMENT).empty())
    return fault(Error::refused, "url '" + text + "' has a query or fragment; give only the address that /v1/entropy is under");
  if (scheme == "http" && !is_loopback(part(url.get(), CURLUPART_HOST)))
    return fault(Error::refused, "url '" + text + "': plain http is allowed to this machine's loopback only; use https");
  return {};
}

}  // namespace qeaas
