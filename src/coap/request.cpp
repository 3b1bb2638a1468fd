// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the options of a request in one pass.
#include "coap/request.hpp"

#include <algorithm>

namespace qeaas::coap {
namespace {

// understood lists the critical options that we act on; every other critical option makes a request unacceptable. Uri-Host and
// Uri-Port are understood by being of no importance, but to the proxy: the server is one origin whatever it is called.
bool understood(Option option) noexcept {
  switch (option) {
    case Option::uri_host:
    case Option::uri_port:
    case Option::uri_path:
    case Option::uri_query:
    case Option::accept:
    case Option::block2:
    case Option::proxy_uri:
    case Option::proxy_scheme: return true;
    default: return false;
  }
}

void add_segment(Request& request, std::string_view segment) noexcept {
  if (request.path_segments < kMaxPathSegments) request.path[request.path_segments] = segment;
  ++request.path_segments;
}

// take notes one option. False when its value cannot be a Block.
bool take(Request& request, const OptionView& option) noexcept {
  switch (option.number) {
    case Option::uri_path: add_segment(request, option.text()); break;
    case Option::accept: request.accept = option.uint().value_or(0); break;
    case Option::observe: request.observe = option.uint().value_or(0); break;
    case Option::block2: {
      const auto block = decode_block(option.value);
      if (!block) return false;
      request.block2 = *block;
      break;
    }
    case Option::size2: request.wants_size = true; break;
    case Option::proxy_uri:
    case Option::proxy_scheme: request.wants_proxy = true; break;
    case Option::echo: request.echo = option.value; break;
    default: break;
  }
  return true;
}

}  // namespace

BlockWish wish_of(const Request& request, std::size_t max_datagram_bytes) noexcept {
  BlockWish wish{fitting_szx(max_datagram_bytes), request.block2.has_value(), request.wants_size};
  if (request.block2) wish.szx = std::min(wish.szx, request.block2->szx);
  return wish;
}

tl::expected<Request, Unreadable> read_request(const Options& options) noexcept {
  Request request;
  std::optional<Option> previous;
  for (const OptionView& option : options) {
    const bool repeated = previous == option.number && !is_repeatable(option.number);  // RFC 7252 5.4.5
    previous = option.number;
    const bool usable = !repeated && length_fits(option.number, option.value.size());
    if (is_critical(option.number) && (!usable || !understood(option.number))) return tl::unexpected(Unreadable::bad_option);
    if (usable && !take(request, option)) return tl::unexpected(Unreadable::bad_block);
  }
  return request;
}

}  // namespace qeaas::coap
