// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses of origins. Properties:
//  1. what is understood has a normal form that is understood as the same, and that libcurl's own parser takes for the same host and port;
//  2. a normal form holds no control character, space, '#', '@' before the path, or backslash;
//  3. an origin is listed only when all three of its parts are equal;
//  4. what is put together from decoded parts has the host that was given.
#include <curl/curl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/handle.hpp"
#include "wire/origin.hpp"

using namespace qeaas;

namespace {

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (::curl_url_get(url, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  const Handle<char, &::curl_free> owner(text);
  return text;
}

void check(const HttpUri& uri) {
  const auto normal = to_text(uri);
  const auto again = parse_http_uri(normal);
  require(normal.size() > kMaxHttpUriBytes || (again && *again == uri), "1: the normal form is stable");
  require(std::none_of(normal.begin(), normal.end(), [](char c) { return c <= 0x20 || c == 0x7f || c == '#' || c == '\\'; }),
          "2: characters");
  require(to_text(uri.origin).find('@') == std::string::npos, "2: no user");
  const Handle<CURLU, &::curl_url_cleanup> url(::curl_url());
  require(::curl_url_set(url.get(), CURLUPART_URL, normal.c_str(), 0) == CURLUE_OK, "1: libcurl understands it");
  const auto host = uri.origin.kind == OriginHost::ipv6 ? "[" + uri.origin.host + "]" : uri.origin.host;
  require(part(url.get(), CURLUPART_HOST) == host, "1: the same host");
  require(part(url.get(), CURLUPART_PORT) == std::to_string(uri.origin.port), "1: the same port");
  require(part(url.get(), CURLUPART_SCHEME) == (uri.origin.secure ? "https" : "http"), "1: the same scheme");
  require(part(url.get(), CURLUPART_USER).empty(), "1: no user");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto listed = *parse_origin("http://127.0.0.1:6065");
  static const OriginList list({listed});
  if (const auto uri = parse_http_uri(text)) {
    check(*uri);
    require(list.contains(uri->origin) == (uri->origin == listed), "3: exact");
  }
  const auto first = text.find('\n');
  if (first == std::string_view::npos) return 0;
  const auto host = text.substr(0, first);
  const std::string_view segments[] = {text.substr(first + 1), "x"};
  if (const auto made = make_http_uri("http", host, size % 70'000, segments, segments)) {
    check(*made);
    std::string bare(host);
    std::erase_if(bare, [](char c) { return c == '[' || c == ']'; });
    require(
        made->origin.kind == OriginHost::ipv6 || std::equal(bare.begin(), bare.end(), made->origin.host.begin(), made->origin.host.end(),
                                                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; }),
        "4: the same host");
  }
  return 0;
}
