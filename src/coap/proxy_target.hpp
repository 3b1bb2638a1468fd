// SPDX-License-Identifier: GPL-3.0-or-later
// What a proxy request asks for (RFC 7252 5.7.2, 5.10.2): Proxy-Uri, or Proxy-Scheme with the Uri options.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/coap_message.hpp"
#include "wire/fetch.hpp"

namespace qeaas::coap {

struct ProxyTarget {
  HttpUri uri;
  std::string accept;  // a media type, or empty
  std::string key;     // the cache key: address and Accept. No other option reaches the origin or changes its answer
};

struct ProxyRefusal {
  Code code;
  Error error;
  std::string_view detail;
};

// read_proxy_target: 4.02 for options that contradict each other or make no address, and for an option that is unsafe to forward and not
// understood; 5.05 for another scheme than http and https; 4.06 for an Accept that no media type is known of. A Uri-Port that is not
// there means the scheme's own port.
tl::expected<ProxyTarget, ProxyRefusal> read_proxy_target(const Options& options, std::optional<std::uint32_t> accept);

}  // namespace qeaas::coap
